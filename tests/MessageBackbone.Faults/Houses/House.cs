using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using MessageBackbone.Cli;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Running;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Faults.Programs;
using MessageBackbone.Gateway;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Faults.Houses;

/// <summary>
/// A node, gateways and, where wanted, a broker: real processes in a folder of their own, with a line that can be broken between each two. A part that was killed is
/// started again on the same port, as a service manager does it.
/// </summary>
internal sealed class House : IAsyncDisposable
{
    private static readonly TimeSpan StartedWithin = TimeSpan.FromMinutes(3), BetweenStarts = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Part> _parts = [];
    private readonly Dictionary<string, Proxy> _lines = [];
    private readonly Dictionary<string, Desk> _desks = [];
    private readonly Dictionary<string, int> _ports = [];
    private readonly string _control;
    private readonly int _nodePort = LocalBrokerSetup.FreePort();

    private House(string folder, string control) => (Folder, _control) = (folder, control);

    public string Folder { get; }

    public string PkiFolder => Path.Combine(Folder, "pki");

    public string NodeFolder => Path.Combine(Folder, "node");

    public Uri NodeAddress => new($"https://127.0.0.1:{_nodePort}");

    public Broker? Broker { get; private set; }

    public LogServer? LogServer { get; private set; }

    /// <summary>The bureaus that have a gateway.</summary>
    public IReadOnlyCollection<string> Gateways => _desks.Keys;

    public Desk this[string bureau] => _desks[bureau];

    /// <summary>Makes everything and starts it.</summary>
    /// <param name="withGateway">Bureaus with a gateway.</param>
    /// <param name="without">A bureau that sends by itself.</param>
    public static async Task<House> OpenAsync(
        string folder, Engines engines, string control, string[] withGateway, string[] without, Action<NodeOptions>? configure, CancellationToken cancellationToken)
    {
        var house = new House(Directory.CreateDirectory(folder).FullName, control);
        try
        {
            string[] bureaus = [.. withGateway, .. without];
            await house.CommandAsync("pki", "init", "--bureaus", string.Join(',', bureaus));
            if (engines.RabbitMq) await house.StartBrokerAsync(cancellationToken);
            if (engines.LogServer) await house.StartLogServerAsync(engines.EventStore, cancellationToken);
            house.WriteNodeConfiguration(configure);
            await house.StartAsync(NodeProgram.Name, cancellationToken);
            foreach (var bureau in bureaus) await house.CommandAsync("directory", "register", bureau);
            await house.CommandAsync(["pki", "enrol", "operator-1", "auditor-1", "node", .. bureaus]);
            foreach (var bureau in withGateway) await house.OpenGatewayAsync(bureau, cancellationToken);
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    /// <summary>The running process of the node or of a bureau's gateway.</summary>
    /// <exception cref="PartGoneException">It was killed and is not back yet.</exception>
    public Part Part(string name) => _parts.TryGetValue(name, out var part) ? part : throw new PartGoneException(name);

    /// <summary>The server of this name; null: it is a part.</summary>
    public IServer? Server(string name) => name switch
    {
        "broker" => Broker,
        "log" => LogServer,
        _ => null,
    };

    /// <summary>The line from a gateway to the node; "broker" and "log": from the node to that server.</summary>
    public Proxy Line(string name) => _lines[name];

    /// <summary>The database of a part, by the name of its file.</summary>
    public string Database(string part, string file) =>
        Path.Combine(part == NodeProgram.Name ? NodeFolder : GatewayFolder(part), file);

    /// <summary>Starts a part, again where it was killed; it is tried again until it listens.</summary>
    public async Task StartAsync(string name, CancellationToken cancellationToken)
    {
        if (_parts.TryRemove(name, out var before)) await before.DisposeAsync();
        string[] args = name == NodeProgram.Name
            ? [NodeProgram.Name, Path.Combine(Folder, "node.json"), _control]
            : [GatewayProgram.Name, Path.Combine(Folder, $"gateway-{name}.json"), _control];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartedWithin);
        while (true)
        {
            try
            {
                _parts[name] = await Houses.Part.StartAsync(name, LogOf(name), args, limit.Token);
                return;
            }
            catch (PartGoneException)
            {
                // A fault that is in force can keep it from starting: a full disk, a database that another holds.
                await Task.Delay(BetweenStarts, TimeProvider.System, limit.Token);
            }
        }
    }

    /// <summary>Runs `backbone` in this process against this house; it must succeed.</summary>
    public async Task<string> CommandAsync(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var environment = new Dictionary<string, string> { ["BACKBONE_PKI"] = PkiFolder, ["BACKBONE_NODE"] = NodeAddress.ToString(), ["BACKBONE_DATA"] = Folder };
        var shell = new Shell(output, error, new MemoryStream(), name => environment.GetValueOrDefault(name), TimeProvider.System, false, false);
        var code = await Commands.RunAsync(args, shell);
        return code == 0 ? output.ToString() : throw new InvalidOperationException($"backbone {string.Join(' ', args)}: {error}{output}");
    }

    public string GatewayFolder(string bureau) => Path.Combine(Folder, "gateways", bureau);

    public string LogOf(string part) => Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "logs")).FullName, part + ".log");

    /// <summary>What a part has written so far, since the first start.</summary>
    public string ReadLog(string part)
    {
        using var log = new StreamReader(new FileStream(LogOf(part), FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite));
        return log.ReadToEnd();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var desk in _desks.Values) desk.Dispose();
        foreach (var part in _parts.Values) await part.DisposeAsync();
        foreach (var line in _lines.Values) await line.DisposeAsync();
        if (Broker is not null) await Broker.DisposeAsync();
        if (LogServer is not null) await LogServer.DisposeAsync();
    }

    /// <summary>The log, for reading: of a file when its node has stopped, of a server at any time, with an index of its own.</summary>
    public async Task<IEventLog> OpenLogAsync(TimeProvider clock, CancellationToken cancellationToken) => LogServer is null
        ? await SqliteEventLog.OpenAsync(new SqliteEventLogOptions { Folder = NodeFolder }, clock, NullLogger.Instance)
        : await EventStoreDbEventLog.OpenAsync(
            new() { ConnectionString = LogAddress(LogServer.Port), Folder = Path.Combine(Folder, "reader") }, clock, NullLogger.Instance, cancellationToken);

    /// <summary>The position of the last event of a log that is in a server.</summary>
    public async Task<long> EndOfServersLogAsync(CancellationToken cancellationToken)
    {
        await using var log = await OpenLogAsync(TimeProvider.System, cancellationToken);
        return (long)(await log.EndAsync(cancellationToken)).Value;
    }

    private async Task StartBrokerAsync(CancellationToken cancellationToken)
    {
        Broker = await Broker.StartAsync(Path.Combine(Folder, "broker"), cancellationToken);
        _lines["broker"] = new Proxy(Broker.Address.Port);
    }

    private async Task StartLogServerAsync(string program, CancellationToken cancellationToken)
    {
        LogServer = await LogServer.StartAsync(program, Path.Combine(Folder, "eventstore"), cancellationToken);
        _lines["log"] = new Proxy(LogServer.Port);
    }

    // In a house that is broken every second a line that gives no sign must be noticed soon.
    private static string LogAddress(int port) => $"esdb://127.0.0.1:{port}?tls=false&keepAliveInterval=2000&keepAliveTimeout=3000&defaultDeadline=5000";

    private void WriteNodeConfiguration(Action<NodeOptions>? configure)
    {
        var pki = new PkiFolder(PkiFolder, TimeProvider.System);
        var options = HouseDefaults.Node(pki, HolderFolder.Open(PkiFolder, "node"), NodeFolder);
        options.Listen = new IPEndPoint(IPAddress.Loopback, _nodePort).ToString();
        options.RabbitMq = Broker is null ? "" : new UriBuilder(Broker.Address) { Port = _lines["broker"].Port }.Uri.ToString();
        options.EventStore = LogServer is null ? "" : LogAddress(_lines["log"].Port);
        // What is waited for in a house that is broken every second must be soon.
        options.Delivering.InHandAtMost = TimeSpan.FromSeconds(20);
        options.Delivering.AgainAfter = TimeSpan.FromSeconds(2);
        options.Routing.QueueCheckEvery = TimeSpan.FromSeconds(5);
        options.Routing.QueueEmptyAfter = TimeSpan.FromSeconds(15);
        configure?.Invoke(options);
        File.WriteAllText(Path.Combine(Folder, "node.json"), JsonSerializer.Serialize(new { Node = options }));
    }

    private async Task OpenGatewayAsync(string bureau, CancellationToken cancellationToken)
    {
        _ports[bureau] = LocalBrokerSetup.FreePort();
        _lines[bureau] = new Proxy(_nodePort);
        var node = new Uri($"https://127.0.0.1:{_lines[bureau].Port}");
        var options = HouseDefaults.Gateway(new PkiFolder(PkiFolder, TimeProvider.System), bureau, GatewayFolder(bureau), node);
        options.Listen = new Uri($"https://127.0.0.1:{_ports[bureau]}");
        options.ReconnectMax = TimeSpan.FromSeconds(2);
        options.SubmitTimeout = TimeSpan.FromSeconds(10);
        options.WelcomeWithin = TimeSpan.FromSeconds(10);
        options.SupersededPause = TimeSpan.FromSeconds(2);
        await File.WriteAllTextAsync(Path.Combine(Folder, $"gateway-{bureau}.json"), JsonSerializer.Serialize(new { Gateway = options }), cancellationToken);
        await StartAsync(bureau, cancellationToken);
        _desks[bureau] = Desk.Of(options.Listen, GatewayFolder(bureau));
        await Waiting.UntilAsync($"{bureau} attends", async () => (await _desks[bureau].StatusAsync(cancellationToken)).Attending, cancellationToken);
    }
}
