using MessageBackbone.Cli;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Running;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Gateway;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Faults.Matrix;

/// <summary>A node and two gateways in this process, so that one write of theirs can be made to fail in a way that no disk can be brought to.</summary>
internal sealed class OneProcess : IAsyncDisposable
{
    public const string Sender = "FR", Recipient = "DE";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backbone-matrix-");
    private readonly int _port = LocalBrokerSetup.FreePort();
    private readonly ILoggerFactory _logs;
    private readonly Dictionary<string, Desk> _desks = [];
    private readonly Dictionary<string, GatewayHost> _gateways = [];
    private readonly Dictionary<string, Proxy> _lines = [];
    private readonly Action<NodeOptions> _configure;
    private NodeEngines _engines;
    private int _sent;

    private OneProcess(NodeEngines engines, Action<NodeOptions> configure)
    {
        (_engines, _configure) = (engines, configure);
        _logs = new Cli.Running.LogFile(Path.Combine(_folder.FullName, "house.log"), TimeProvider.System).Factory();
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

    /// <summary>The line from a gateway to the node.</summary>
    public Proxy Line(string bureau) => _lines[bureau];

    /// <summary>FR's gateway takes a message for DE, always in the same lane.</summary>
    public async Task SendAsync()
    {
        var reference = Reference(++_sent);
        if (await _desks[Sender].SendAsync(new { to = new[] { Recipient }, precedence = "flash", reference, text = "x" }, Cancel) != true)
            throw new InvalidOperationException("FR's gateway took nothing.");
    }

    /// <summary>
    /// Waits until the message is delivered, and a second one that was sent behind it in its lane; until nothing is open; and stops the node, which ends every call
    /// that is under way. Nothing more can come of the first one then. How often DE is shown it, and how often the log has its acceptance and its receipt.
    /// </summary>
    public async Task<(int Shown, int Accepted, int Delivered)> EndAsync()
    {
        await DeliveredAsync();
        await SendAsync();
        await DeliveredAsync();
        await Waiting.UntilAsync("nothing is open", () => Task.FromResult(Node.Services.GetRequiredService<Plan>().Ask.OpenRows() == 0), Cancel);
        await Node.StopAsync();
        await using var log = await SqliteEventLog.OpenAsync(new SqliteEventLogOptions { Folder = NodeFolder }, TimeProvider.System, _logs.CreateLogger<SqliteEventLog>());
        var (accepted, delivered) = await CountAsync(log, Reference(1));
        return ((await _desks[Recipient].InboxAsync(Cancel)).Count(shown => shown.Reference == Reference(1)), accepted, delivered);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var desk in _desks.Values) desk.Dispose();
        foreach (var gateway in _gateways.Values) await gateway.DisposeAsync();
        if (Node is not null) await Node.DisposeAsync();
        foreach (var line in _lines.Values) await line.DisposeAsync();
        _logs.Dispose();
        _folder.Delete(recursive: true);
    }

    // The log has DE's receipt of what was sent last, and both gateways know.
    private Task DeliveredAsync() => Waiting.UntilAsync($"{Reference(_sent)} is delivered and everybody knows", async () =>
    {
        var (sender, recipient) = (await _desks[Sender].StatusAsync(Cancel), await _desks[Recipient].StatusAsync(Cancel));
        return sender.Waiting == 0 && recipient.ReceiptsToSend == 0 && recipient.Messages >= _sent
            && (await CountAsync(Node.Services.GetRequiredService<IEventLog>(), Reference(_sent))).Delivered > 0;
    }, Cancel);

    private static string Reference(int number) => $"{Sender}/{number}";

    private static async Task<(int Accepted, int Delivered)> CountAsync(IEventLog log, string reference)
    {
        var (ids, accepted, delivered) = (new HashSet<string>(StringComparer.Ordinal), 0, 0);
        await foreach (var batch in log.ReadAllAsync(LogPosition.Start, Cancel))
            foreach (var recorded in batch)
                switch (EventTypes.Parse(recorded.Type, recorded.Data))
                {
                    case Accepted e when e.Content.Reference == reference:
                        ids.Add(e.Content.MessageId);
                        accepted++;
                        break;
                    case Delivered e when ids.Contains(e.MessageId):
                        delivered++;
                        break;
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
        var (folder, line) = (Path.Combine(_folder.FullName, bureau), _lines[bureau] = new Proxy(_port));
        var options = HouseDefaults.Gateway(
            new PkiFolder(Path.Combine(_folder.FullName, "pki"), TimeProvider.System), bureau, folder, new Uri($"https://127.0.0.1:{line.Port}"));
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
