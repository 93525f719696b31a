using MessageBackbone.Cli.Addresses;
using MessageBackbone.Fixtures;
using MessageBackbone.Gateway;
using MessageBackbone.Node.Hosting;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>
/// A node and the gateways of FR, DE and ES in this process, on loopback. Keys, bureaus and enrolments are made by the commands that an operator
/// would run; the gateways' addresses lie in a demo.json, where the officer's commands find them.
/// </summary>
public sealed class ExchangeHouse : IAsyncLifetime
{
    public static readonly string[] Bureaus = ["FR", "DE", "ES"];

    private readonly TempFolder _folder = new();
    private readonly CapturedLogs _logs = new();
    private readonly Dictionary<string, GatewayHost> _gateways = [];
    private NodeHost? _node;

    internal TempFolder Folder => _folder;

    public CapturedLogs Logs => _logs;

    /// <summary>What node and gateways take for the time; a command goes by the system's.</summary>
    internal ShiftedClock Clock { get; } = new();

    public string Pki => _folder.At("pki");

    public string Data => _folder.At("data");

    public NodeHost Node => _node!;

    public GatewayHost this[string bureau] => _gateways[bureau];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await SucceedAsync("pki", "init", "--bureaus", string.Join(',', Bureaus));
        _node = await NodeHost.StartAsync(NodeOptionsOf(), Clock, _logs, Cancel);
        foreach (var bureau in Bureaus) await SucceedAsync("directory", "register", bureau);
        await SucceedAsync(["pki", "enrol", .. Bureaus]);
        foreach (var bureau in Bureaus) await StartGatewayAsync(bureau);
        WriteDemoFile();
    }

    /// <summary>Runs a command against this house; its folders are told by the environment, as a shell's profile would.</summary>
    internal Task<CommandRun> RunAsync(params string[] args) => CommandRun.WithAsync(Environment(), args);

    internal Task<CommandRun> RunWithInputAsync(byte[] input, params string[] args) => CommandRun.WithAsync(Environment(), input, args);

    /// <summary>Sends, waits for the receipts, and returns the message's id.</summary>
    internal async Task<string> SendAsync(string from, string to, params string[] args)
    {
        var run = await SucceedAsync(["send", "--as", from, "--to", to, "--wait", .. args]);
        return run.Output[..36];
    }

    internal async Task<CommandRun> SucceedAsync(params string[] args)
    {
        var run = await RunAsync(args);
        Assert.True(run.ExitCode == 0, $"backbone {string.Join(' ', args)}: {run.ExitCode} {run.Error} {run.Output}");
        return run;
    }

    public Dictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string> { ["BACKBONE_PKI"] = Pki, ["BACKBONE_DATA"] = Data };
        if (_node is not null) environment["BACKBONE_NODE"] = _node.GrpcAddress.ToString();
        return environment;
    }

    public string GatewayFolder(string bureau) => Path.Combine(Data, "gateways", bureau);

    public async Task StopGatewayAsync(string bureau)
    {
        await _gateways[bureau].DisposeAsync();
        _gateways.Remove(bureau);
    }

    /// <summary>Starts it without a line to the node; the commands find it.</summary>
    public async Task StartWithoutLineAsync(string bureau)
    {
        var options = OptionsOf(bureau, 0);
        options.WithoutLine = true;
        _gateways[bureau] = await GatewayHost.StartAsync(options, Clock, _logs, Cancel);
        WriteDemoFile();
    }

    /// <summary>Starts it, and returns when it attends and knows the directory.</summary>
    public async Task StartGatewayAsync(string bureau, int port = 0)
    {
        var gateway = _gateways[bureau] = await GatewayHost.StartAsync(OptionsOf(bureau, port), Clock, _logs, Cancel);
        var attending = When(bureau, happened => happened is GatewayEvent.Attendance { Attending: true });
        if (!gateway.Attending) await attending;
        await gateway.DirectoryKnown.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    /// <summary>Ends when the gateway has told such an event; ask before doing what leads to it.</summary>
    public async Task<GatewayEvent> When(string bureau, Func<GatewayEvent, bool> expected)
    {
        var told = new TaskCompletionSource<GatewayEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watching = _gateways[bureau].Observe(happened =>
        {
            if (expected(happened)) told.TrySetResult(happened);
        });
        return await told.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways.Values) await gateway.DisposeAsync();
        if (_node is not null) await _node.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Dispose();
        _logs.Dispose();
    }

    internal void WriteDemoFile() => new DemoFile
    {
        Node = Node.GrpcAddress,
        Pki = Pki,
        Transport = "memory",
        Gateways = _gateways.ToDictionary(g => g.Key, g => new DemoGateway(
            g.Value.LocalAddress, Path.Combine(GatewayFolder(g.Key), "local-api.token"), Path.Combine(GatewayFolder(g.Key), "local-api.pem"))),
    }.Write(Data);

    private GatewayOptions OptionsOf(string bureau, int port) => new()
    {
        Bureau = bureau,
        DataFolder = GatewayFolder(bureau),
        PkiFolder = Pki,
        Node = Node.GrpcAddress,
        Listen = new Uri($"https://127.0.0.1:{port}"),
    };

    private NodeOptions NodeOptionsOf() => new()
    {
        DataFolder = Path.Combine(Data, "node"),
        Listen = "127.0.0.1:0",
        CaFile = Path.Combine(Pki, "ca.pem"),
        HolderFolder = Path.Combine(Pki, "node"),
        SecretariatCertificates = [Path.Combine(Pki, "secretariat", "tls.pem"), Path.Combine(Pki, "secretariat", "sign.pem")],
    };
}
