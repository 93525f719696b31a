using System.Net;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Running;
using MessageBackbone.Gateway;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Ledger;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Cli.Demo;

/// <summary>What a demo is told.</summary>
/// <param name="RabbitMq">An AMQP address, "auto" for a broker of its own, or null for the transport in memory.</param>
/// <param name="EventStore">The connection string of an EventStoreDB, or null for the event log in a file.</param>
/// <param name="Dashboard">Serve the dashboard, and tell the link that opens it.</param>
internal sealed record DemoWishes(string Data, IReadOnlyList<string> Bureaus, string? RabbitMq, string? EventStore, int Seed, bool Dashboard);

/// <summary>A node, a gateway a bureau and, where wanted, a broker, in this process; all talk to each other as they would across borders.</summary>
internal sealed class DemoHouse : IAsyncDisposable
{
    private const int NodePort = 7443, FirstGatewayPort = 7450, DashboardPort = 7480;

    /// <summary>The name of the demo's log in its checkpoints.</summary>
    public const string Origin = "backbone.demo/1";

    private readonly DemoWishes _wishes;
    private readonly TimeProvider _clock;
    private readonly ILoggerFactory _logs;
    private readonly Dictionary<string, GatewayHost> _gateways = new(StringComparer.Ordinal);
    private LocalBroker? _broker;
    private NodeHost? _node;

    private DemoHouse(DemoWishes wishes, TimeProvider clock, ILoggerFactory logs)
    {
        (_wishes, _clock, _logs) = (wishes, clock, logs);
        Pki = new PkiFolder(Path.Combine(wishes.Data, "pki"), clock);
    }

    public PkiFolder Pki { get; }

    public NodeHost Node => _node!;

    public IReadOnlyDictionary<string, GatewayHost> Gateways => _gateways;

    /// <summary>Verifies what the demo's log signed.</summary>
    public LogKey LogKey()
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(Pki.FolderOf("log"), "sign.pem")));
        return new LogKey(Origin, certificate);
    }

    public string Transport => _wishes.RabbitMq is null ? "in-memory" : "rabbitmq";

    public string EventLog => _wishes.EventStore is null ? "sqlite" : "eventstoredb";

    /// <summary>Returns when every gateway knows the directory and attends.</summary>
    /// <param name="note">Told what goes on, in a line each.</param>
    public static async Task<DemoHouse> StartAsync(
        DemoWishes wishes, Action<string, GatewayEvent> observe, Action<string> note, TimeProvider clock, ILoggerFactory logs, CancellationToken stop)
    {
        var house = new DemoHouse(wishes, clock, logs);
        try
        {
            house.MakePki(note);
            await house.StartNodeAsync(note, stop);
            await new DemoEnrolment(house.Pki, house.Node.GrpcAddress, clock).RunAsync(wishes.Bureaus, stop);
            await house.StartGatewaysAsync(observe, note, stop);
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where everything listens, for the other commands.</summary>
    public DemoFile Addresses() => new()
    {
        Node = Node.GrpcAddress,
        Pki = Pki.Root,
        Transport = Transport,
        Rabbitmq = WithoutUser(_broker?.Address.ToString() ?? _wishes.RabbitMq),
        ProcessId = Environment.ProcessId,
        StartedAt = _clock.GetUtcNow(),
        Gateways = _gateways.ToDictionary(
            g => g.Key,
            g => new DemoGateway(g.Value.LocalAddress, Path.Combine(GatewayFolder(g.Key), "local-api.token"), Path.Combine(GatewayFolder(g.Key), "local-api.pem")),
            StringComparer.Ordinal),
    };

    /// <summary>The broker's address without user and password: every reader of the folder can read the file, and no command connects by it.</summary>
    public static string? WithoutUser(string? rabbitMq) =>
        rabbitMq is null ? null : new UriBuilder(rabbitMq) { UserName = "", Password = "" }.Uri.ToString();

    public NodeConnection ConnectAs(HolderRole role)
    {
        var holder = HolderFolder.All(Pki.Root).First(h => h.Holder.Role == role);
        return NodeConnection.Open(holder.OpenKeys(), Node.GrpcAddress, Pki.OpenTrustAnchor(), _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_gateways.Values.Select(gateway => gateway.StopAsync()));
        if (_node is not null) await _node.DisposeAsync();
        if (_broker is not null) await _broker.DisposeAsync();
    }

    private string GatewayFolder(string bureau) => Path.Combine(_wishes.Data, "gateways", bureau);

    private void MakePki(Action<string> note)
    {
        if (!Pki.HasCa)
        {
            note($"Making a development PKI in {Pki.Root}");
            Pki.MakeDevelopmentCa("MessageBackbone demo CA", force: false);
        }
        foreach (var holder in PkiCommands.House.Concat(_wishes.Bureaus.Select(Holder.Bureau)))
            if (!File.Exists(Path.Combine(Pki.FolderOf(holder.Name), "tls.pem")))
                Pki.Issue(holder, null, [], force: false);
    }

    private async Task StartNodeAsync(Action<string> note, CancellationToken stop)
    {
        var options = HouseDefaults.Node(Pki, HolderFolder.Open(Pki.Root, "node"), Path.Combine(_wishes.Data, "node"));
        options.Listen = new IPEndPoint(IPAddress.Loopback, FreePorts.OrAny(NodePort)).ToString();
        options.RabbitMq = await BrokerAsync(note, stop) ?? "";
        options.EventStore = _wishes.EventStore ?? "";
        (options.Ledger.HolderFolder, options.Ledger.Origin) = (Pki.FolderOf("log"), Origin);
        if (_wishes.Dashboard) options.Dashboard.DemoListen = new IPEndPoint(IPAddress.Loopback, FreePorts.OrAny(DashboardPort));
        _node = await NodeHost.StartAsync(options, _clock, _logs, stop);
        note($"Node      {Node.GrpcAddress.GetLeftPart(UriPartial.Authority)}  event log {EventLog}, transport {Transport}");
        if (_wishes.Dashboard) note($"Dashboard {Node.DashboardLink([.. Watchers])}  opens once");
    }

    private static IEnumerable<Holder> Watchers =>
        PkiCommands.House.Where(holder => holder.Role is HolderRole.Operator or HolderRole.Auditor or HolderRole.Secretariat).OrderByDescending(holder => holder.Role == HolderRole.Operator);

    private async Task<string?> BrokerAsync(Action<string> note, CancellationToken stop)
    {
        if (_wishes.RabbitMq != "auto") return _wishes.RabbitMq;
        note("Starting a RabbitMQ of this demo's own");
        _broker = await LocalBroker.StartAsync(Path.Combine(_wishes.Data, "rabbitmq"), stop);
        note($"RabbitMQ  {_broker.Version} at 127.0.0.1:{_broker.Address.Port}");
        return _broker.Address.ToString();
    }

    private async Task StartGatewaysAsync(Action<string, GatewayEvent> observe, Action<string> note, CancellationToken stop)
    {
        foreach (var (bureau, index) in _wishes.Bureaus.Select((b, i) => (b, i)))
        {
            var options = HouseDefaults.Gateway(Pki, bureau, GatewayFolder(bureau), Node.GrpcAddress);
            options.Listen = new UriBuilder("https", "127.0.0.1", FreePorts.OrAny(FirstGatewayPort + index)).Uri;
            options.JitterSeed = _wishes.Seed + index;
            _gateways.Add(bureau, await GatewayHost.StartAsync(options, _clock, _logs, stop));
        }
        foreach (var (bureau, gateway) in _gateways)
        {
            await AttendedAsync(gateway, happened => observe(bureau, happened), stop);
            note($"Gateway   {gateway.LocalAddress.GetLeftPart(UriPartial.Authority)}  {bureau} attends");
        }
    }

    private static async Task AttendedAsync(GatewayHost gateway, Action<GatewayEvent> observe, CancellationToken stop)
    {
        var attends = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Observe(happened =>
        {
            if (happened is GatewayEvent.Attendance { Attending: true }) attends.TrySetResult();
            observe(happened);
        });
        await gateway.DirectoryKnown.WaitAsync(stop);
        if (!gateway.Attending) await attends.Task.WaitAsync(stop);
    }
}
