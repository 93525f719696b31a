using MessageBackbone.Cli.Demo;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Running;
using MessageBackbone.Gateway;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Benching;

/// <summary>A node process, a broker where wanted, and the gateways of two bureaus, in a folder that is removed afterwards.</summary>
internal sealed class BenchHouse : IAsyncDisposable
{
    /// <summary>Sends FLASH, gets everything, and sends what waits.</summary>
    public const string Sender = "FR", Recipient = "DE", Bulk = "GB";

    private readonly string _folder = Directory.CreateTempSubdirectory("backbone-bench-").FullName;
    private readonly TimeProvider _clock;
    private LocalBroker? _broker;
    private NodeProcess? _node;
    private GatewayHost? _from, _to;

    private BenchHouse(TimeProvider clock)
    {
        _clock = clock;
        Pki = new PkiFolder(Path.Combine(_folder, "pki"), clock);
    }

    public PkiFolder Pki { get; }

    public NodeProcess Node => _node!;

    public GatewayHost From => _from!;

    public string Transport => _broker is null ? "in-memory" : "rabbitmq";

    public static async Task<BenchHouse> StartAsync(bool rabbitMq, Action<string> note, TimeProvider clock, CancellationToken stop)
    {
        var house = new BenchHouse(clock);
        try
        {
            await house.StartAsync(rabbitMq, note, stop);
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the recipient's gateway, on the folder it had before, and returns when it attends.</summary>
    public async Task RecipientComesAsync(Action<GatewayEvent> observe, CancellationToken stop) => _to = await AttendAsync(Recipient, observe, stop);

    public async Task RecipientGoesAsync()
    {
        if (_to is not null) await _to.DisposeAsync();
        _to = null;
    }

    public async ValueTask DisposeAsync()
    {
        await RecipientGoesAsync();
        if (_from is not null) await _from.DisposeAsync();
        if (_node is not null) await _node.DisposeAsync();
        if (_broker is not null) await _broker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync(bool rabbitMq, Action<string> note, CancellationToken stop)
    {
        string[] bureaus = [Sender, Recipient, Bulk];
        Pki.MakeDevelopmentCa("MessageBackbone bench CA", force: false);
        foreach (var holder in PkiCommands.House.Concat(bureaus.Select(Holder.Bureau))) Pki.Issue(holder, null, [], force: false);
        if (rabbitMq) _broker = await LocalBroker.StartAsync(Path.Combine(_folder, "rabbitmq"), stop);
        _node = await NodeProcess.StartAsync(Pki.Root, Path.Combine(_folder, "data"), _broker?.Address, stop);
        await new DemoEnrolment(Pki, _node.Address, _clock).RunAsync(bureaus, stop);
        _from = await AttendAsync(Sender, static _ => { }, stop);
        note($"Node {_node.Address.GetLeftPart(UriPartial.Authority)}, transport {Transport}, data in {_folder}");
    }

    private async Task<GatewayHost> AttendAsync(string bureau, Action<GatewayEvent> observe, CancellationToken stop)
    {
        var options = HouseDefaults.Gateway(Pki, bureau, Path.Combine(_folder, "gateways", bureau), Node.Address);
        options.Listen = new Uri("https://127.0.0.1:0");
        var attends = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gateway = await GatewayHost.StartAsync(options, _clock, null, stop);
        gateway.Observe(happened =>
        {
            if (happened is GatewayEvent.Attendance { Attending: true }) attends.TrySetResult();
            observe(happened);
        });
        await gateway.DirectoryKnown.WaitAsync(stop);
        if (!gateway.Attending) await attends.Task.WaitAsync(stop);
        return gateway;
    }
}
