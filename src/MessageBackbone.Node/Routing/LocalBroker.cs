using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MessageBackbone.Node.Routing;

/// <summary>A RabbitMQ of one's own on free loopback ports, from the server that is installed on this machine, with its own folders, node name and port mapper.
/// For the demo and for tests; ended by process id, with nothing else on the machine touched.</summary>
public sealed class LocalBroker : IAsyncDisposable
{
    private const string Installed = "/usr/lib/rabbitmq/lib";
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(3);

    private readonly string _server;
    private readonly string _folder;
    private readonly string _name = $"backbone-{Guid.NewGuid():N}"[..24] + "@localhost";
    private readonly int _port = FreePort();
    private readonly int _distributionPort = FreePort();
    private readonly int _mapperPort = FreePort();
    private Process? _mapper;
    private Process? _script;

    private LocalBroker(string server, string folder) => (_server, _folder) = (server, folder);

    /// <summary>Where clients connect.</summary>
    public Uri Address => new($"amqp://guest:guest@127.0.0.1:{_port}/");

    /// <summary>What the server says about itself, e.g. 3.10.8.</summary>
    public string Version { get; private set; } = "";

    /// <summary>The installed server's start script, the newest one; null: none is installed.</summary>
    public static string? FindServer() => System.IO.Directory.Exists(Installed)
        ? System.IO.Directory.GetDirectories(Installed, "rabbitmq_server-*").Select(home => Path.Combine(home, "sbin", "rabbitmq-server"))
            .Where(File.Exists).Order(StringComparer.Ordinal).LastOrDefault()
        : null;

    /// <summary>Starts a broker whose data lies in <paramref name="folder"/>; returns when it takes connections.</summary>
    /// <exception cref="BrokerStartException">No server is installed, or it did not start. The message says what to do.</exception>
    public static async Task<LocalBroker> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var server = FindServer() ?? throw new BrokerStartException($"No RabbitMQ is installed under {Installed}. Install rabbitmq-server, or name a broker's address.");
        var broker = new LocalBroker(server, Path.GetFullPath(folder));
        try
        {
            broker.Prepare();
            await broker.RunAsync(cancellationToken);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the broker as a power cut would: SIGKILL, nothing is flushed or closed.</summary>
    public async Task KillAsync()
    {
        if (_script is null) return;
        if (ServerProcess() is { } server)
        {
            using (server)
            {
                server.Kill();
                await server.WaitForExitAsync();
            }
        }
        if (!_script.HasExited) _script.Kill();
        await _script.WaitForExitAsync();
        _script.Dispose();
        _script = null;
    }

    /// <summary>Starts the killed broker again on the same ports with the data that it had.</summary>
    public Task StartAgainAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    /// <summary>Removes the data of a killed broker: started again, it knows nothing.</summary>
    public void Wipe()
    {
        System.IO.Directory.Delete(Data, recursive: true);
        System.IO.Directory.CreateDirectory(Data);
    }

    /// <summary>Runs <c>rabbitmqctl</c> against this broker and returns what it printed.</summary>
    public async Task<string> ControlAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var control = Start(Path.Combine(Path.GetDirectoryName(_server)!, "rabbitmqctl"), ["-q", .. arguments]);
        var errors = control.StandardError.ReadToEndAsync(cancellationToken);
        var output = await control.StandardOutput.ReadToEndAsync(cancellationToken);
        await control.WaitForExitAsync(cancellationToken);
        return control.ExitCode == 0 ? output : throw new BrokerStartException($"rabbitmqctl {string.Join(' ', arguments)}: {output}{await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (_mapper is null) return;
        if (!_mapper.HasExited) _mapper.Kill();
        await _mapper.WaitForExitAsync();
        _mapper.Dispose();
        _mapper = null;
    }

    private string Data => Path.Combine(_folder, "data");

    private string PidFile => Path.Combine(_folder, "pid");

    private void Prepare()
    {
        System.IO.Directory.CreateDirectory(Data);
        System.IO.Directory.CreateDirectory(Path.Combine(_folder, "log"));
        System.IO.Directory.CreateDirectory(Path.Combine(_folder, "home"));
        File.WriteAllText(Path.Combine(_folder, "enabled_plugins"), "[].\n");
        File.WriteAllText(Path.Combine(_folder, "rabbitmq.conf"), "disk_free_limit.absolute = 100MB\n");
        // Our own port mapper in the foreground: one that the server started by itself would outlive it, and nobody would know its process id.
        _mapper = Start("epmd", ["-port", _mapperPort.ToString(CultureInfo.InvariantCulture), "-address", "127.0.0.1"]);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        File.Delete(PidFile);
        _script = Start(_server, []);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyWithin);
        var said = new Queue<string>();
        while (await _script.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Contains("RabbitMQ ", StringComparison.Ordinal) && Version.Length == 0) Version = line.Trim().Split(' ').Last();
            said.Enqueue(line);
            if (said.Count > 20) said.Dequeue();
            if (!line.Contains("completed with", StringComparison.Ordinal)) continue;
            // Read on, or the server blocks when the pipe is full.
            _ = _script.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            _ = _script.StandardError.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return;
        }
        throw new BrokerStartException($"RabbitMQ did not start: {string.Join(' ', said)} Its log is in {Path.Combine(_folder, "log")}.");
    }

    private Process Start(string file, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        var environment = start.Environment;
        environment["RABBITMQ_NODENAME"] = _name;
        environment["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1";
        environment["RABBITMQ_NODE_PORT"] = _port.ToString(CultureInfo.InvariantCulture);
        environment["RABBITMQ_DIST_PORT"] = _distributionPort.ToString(CultureInfo.InvariantCulture);
        environment["RABBITMQ_MNESIA_BASE"] = Data;
        environment["RABBITMQ_LOG_BASE"] = Path.Combine(_folder, "log");
        environment["RABBITMQ_PID_FILE"] = PidFile;
        environment["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "enabled_plugins");
        environment["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "rabbitmq.conf");
        environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}";
        environment["ERL_EPMD_ADDRESS"] = "127.0.0.1";
        environment["ERL_EPMD_PORT"] = _mapperPort.ToString(CultureInfo.InvariantCulture);
        environment["HOME"] = Path.Combine(_folder, "home");
        return Process.Start(start) ?? throw new BrokerStartException($"{file} could not be started.");
    }

    private Process? ServerProcess()
    {
        if (!File.Exists(PidFile) || !int.TryParse(File.ReadAllText(PidFile), CultureInfo.InvariantCulture, out var id)) return null;
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

/// <summary>A broker of one's own could not be had. The message says why and what to do.</summary>
public sealed class BrokerStartException(string message) : Exception(message);
