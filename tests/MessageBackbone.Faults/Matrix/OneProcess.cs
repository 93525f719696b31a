using MessageBackbone.Cli;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Running;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Gateway;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Node.Hosting;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Faults.Matrix;

/// <summary>A node and two gateways in this process, so that one write of theirs can be made to fail in a way that no disk can be brought to.</summary>
internal sealed class OneProcess : IAsyncDisposable
{
    private const string Sender = "FR", Recipient = "DE";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backbone-matrix-");
    private readonly int _port = Ports.Free();
    private readonly ILoggerFactory _logs;
    private readonly Dictionary<string, Desk> _desks = [];
    private readonly Dictionary<string, GatewayHost> _gateways = [];
    private readonly Action<NodeOptions> _configure;
    private NodeEngines _engines;

    private OneProcess(NodeEngines engines, Action<NodeOptions> configure)
    {
        (_engines, _configure) = (engines, configure);
        _logs = new LogFile(Path.Combine(_folder.FullName, "house.log"), TimeProvider.System).Factory();
    }

    public NodeHost Node { get; private set; } = null!;

    public string NodeFolder => Path.Combine(_folder.FullName, "node");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<OneProcess> OpenAsync(NodeEngines engines, Action<NodeOptions> configure, GatewayStores recipientStores)
    {
        var house = new OneProcess(engines, configure);
        await house.CommandAsync("pki", "init", "--bureaus", $"{Sender},{Recipient}");
        await house.StartNodeAsync();
        foreach (var bureau in (string[])[Sender, Recipient]) await house.CommandAsync("directory", "register", bureau);
        await house.CommandAsync("pki", "enrol", "operator-1", "auditor-1", "node", Sender, Recipient);
        await house.StartGatewayAsync(Sender, new GatewayStores());
        await house.StartGatewayAsync(Recipient, recipientStores);
        return house;
    }

    /// <summary>As after a crash of this part: the same folder, and ordinary engines from now on.</summary>
    public async Task RestartNodeAsync()
    {
        await Node.DisposeAsync();
        _engines = new NodeEngines();
        await StartNodeAsync();
    }

    /// <summary>The same for DE's gateway.</summary>
    public async Task RestartRecipientAsync()
    {
        await _gateways[Recipient].DisposeAsync();
        _desks[Recipient].Dispose();
        await StartGatewayAsync(Recipient, new GatewayStores());
    }

    public async Task SendAsync()
    {
        if (await _desks[Sender].SendAsync(new { to = new[] { Recipient }, precedence = "flash", reference = "FR/1", text = "x" }, Cancel) != true)
            throw new InvalidOperationException("FR's gateway took nothing.");
    }

    /// <summary>Waits until the log has DE's receipt and both gateways know; what DE is shown, and how often the log has the acceptance and the receipt.</summary>
    public async Task<(int Shown, int Accepted, int Delivered)> EndAsync()
    {
        await Waiting.UntilAsync("the message is delivered and everybody knows", async () =>
        {
            var (sender, recipient) = (await _desks[Sender].StatusAsync(Cancel), await _desks[Recipient].StatusAsync(Cancel));
            return sender.Waiting == 0 && recipient is { ReceiptsToSend: 0, Messages: > 0 } && (await CountAsync()).Delivered > 0;
        }, Cancel);
        var (accepted, delivered) = await CountAsync();
        return ((await _desks[Recipient].InboxAsync(Cancel)).Count, accepted, delivered);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var desk in _desks.Values) desk.Dispose();
        foreach (var gateway in _gateways.Values) await gateway.DisposeAsync();
        if (Node is not null) await Node.DisposeAsync();
        _logs.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<(int Accepted, int Delivered)> CountAsync()
    {
        var (accepted, delivered) = (0, 0);
        await foreach (var batch in Node.Services.GetRequiredService<IEventLog>().ReadAllAsync(LogPosition.Start, Cancel))
            foreach (var recorded in batch)
            {
                if (recorded.Type == EventTypes.NameOf(new Accepted())) accepted++;
                if (recorded.Type == EventTypes.NameOf(new Delivered())) delivered++;
            }
        return (accepted, delivered);
    }

    private async Task StartNodeAsync()
    {
        var pki = Path.Combine(_folder.FullName, "pki");
        var options = HouseDefaults.Node(new PkiFolder(pki, TimeProvider.System), HolderFolder.Open(pki, "node"), NodeFolder);
        options.Listen = $"127.0.0.1:{_port}";
        options.Delivering.InHandAtMost = TimeSpan.FromSeconds(5);
        options.Delivering.AgainAfter = TimeSpan.FromSeconds(1);
        _configure(options);
        Node = await NodeHost.StartAsync(options, TimeProvider.System, _logs, _engines, Cancel);
    }

    private async Task StartGatewayAsync(string bureau, GatewayStores stores)
    {
        var folder = Path.Combine(_folder.FullName, bureau);
        var options = HouseDefaults.Gateway(
            new PkiFolder(Path.Combine(_folder.FullName, "pki"), TimeProvider.System), bureau, folder, new Uri($"https://127.0.0.1:{_port}"));
        options.Listen = new Uri("https://127.0.0.1:0");
        options.ReconnectMax = TimeSpan.FromMilliseconds(500);
        options.SubmitTimeout = TimeSpan.FromSeconds(2);
        _gateways[bureau] = await GatewayHost.StartAsync(options, TimeProvider.System, _logs, stores, Cancel);
        _desks[bureau] = Desk.Of(_gateways[bureau].LocalAddress, folder);
        await Waiting.UntilAsync($"{bureau} attends", async () => (await _desks[bureau].StatusAsync(Cancel)).Attending, Cancel);
    }

    private async Task CommandAsync(params string[] args)
    {
        var (output, environment) = (new StringWriter(), new Dictionary<string, string>
        {
            ["BACKBONE_PKI"] = Path.Combine(_folder.FullName, "pki"),
            ["BACKBONE_NODE"] = $"https://127.0.0.1:{_port}",
            ["BACKBONE_DATA"] = _folder.FullName,
        });
        var shell = new Shell(output, output, new MemoryStream(), name => environment.GetValueOrDefault(name), TimeProvider.System, false, false);
        if (await Commands.RunAsync(args, shell) != 0) throw new InvalidOperationException($"backbone {string.Join(' ', args)}: {output}");
    }
}
