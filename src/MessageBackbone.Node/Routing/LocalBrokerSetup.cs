using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MessageBackbone.Node.Routing;

/// <summary>Name, ports and folders of one local broker, and the environment in which its programs run.</summary>
internal sealed class LocalBrokerSetup(string server, string folder)
{
    private readonly string _name = $"backbone-{Guid.NewGuid():N}"[..24] + "@localhost";
    private readonly int _port = FreePort();
    private readonly int _distributionPort = FreePort();

    public string Server => server;

    public string Control => Path.Combine(Path.GetDirectoryName(server)!, "rabbitmqctl");

    public int MapperPort { get; } = FreePort();

    public Uri Address => new($"amqp://guest:guest@127.0.0.1:{_port}/");

    public string Data => Path.Combine(folder, "data");

    public string Log => Path.Combine(folder, "log");

    private string Home => Path.Combine(folder, "home");

    public void CreateFolders()
    {
        foreach (var path in new[] { Data, Log, Home }) System.IO.Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(folder, "enabled_plugins"), "[].\n");
        File.WriteAllText(Path.Combine(folder, "rabbitmq.conf"), "disk_free_limit.absolute = 100MB\n");
    }

    public Process Start(string file, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment()) start.Environment[name] = value;
        return Process.Start(start) ?? throw new BrokerStartException($"{file} could not be started.");
    }

    private Dictionary<string, string> Environment() => new(StringComparer.Ordinal)
    {
        ["RABBITMQ_NODENAME"] = _name,
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = Text(_port),
        ["RABBITMQ_DIST_PORT"] = Text(_distributionPort),
        ["RABBITMQ_MNESIA_BASE"] = Data,
        ["RABBITMQ_LOG_BASE"] = Log,
        ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["ERL_EPMD_PORT"] = Text(MapperPort),
        ["HOME"] = Home,
    };

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    /// <summary>A free port of the loopback for something that may be killed and comes back to it: below the range from which the system gives ports to clients, for a
    /// client of a killed broker could be given the broker's own port, connect to itself and keep the broker from coming back.</summary>
    internal static int FreePort()
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                continue;
            }
        }
    }
}
