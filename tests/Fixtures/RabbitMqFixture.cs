using System.Diagnostics;
using MessageBackbone.Node.Routing;

namespace MessageBackbone.Fixtures;

/// <summary>A RabbitMQ for tests: the one that MESSAGEBACKBONE_TEST_RABBITMQ names, else the machine's own started for this fixture, else a
/// container.</summary>
public sealed class RabbitMqFixture : IAsyncLifetime
{
    public const string Variable = "MESSAGEBACKBONE_TEST_RABBITMQ";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"backbone-rabbitmq-{Guid.NewGuid():N}");
    private LocalBroker? _local;
    private string? _container;

    public Uri Address { get; private set; } = new("amqp://127.0.0.1");

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            Address = new Uri(given);
        }
        else if (LocalBroker.FindServer() is not null)
        {
            _local = await LocalBroker.StartAsync(_folder, CancellationToken.None);
            Address = _local.Address;
        }
        else
        {
            Address = await RunContainerAsync();
        }
    }

    /// <summary>Runs <c>rabbitmqctl</c> at the broker: what it says comes from nobody's client.</summary>
    public async Task<string> ControlAsync(params string[] arguments)
    {
        if (_local is not null) return await _local.ControlAsync(CancellationToken.None, arguments);
        if (_container is not null) return await DockerAsync(["exec", _container, "rabbitmqctl", "-q", .. arguments]);
        throw new InvalidOperationException($"rabbitmqctl cannot be run at a broker that only {Variable} names: unset it.");
    }

    /// <summary>A broker that the test may kill, wipe and start again.</summary>
    public static async Task<OwnBroker> StartOwnAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"backbone-rabbitmq-{Guid.NewGuid():N}");
        return new OwnBroker(await LocalBroker.StartAsync(folder, cancellationToken), folder);
    }

    public async ValueTask DisposeAsync()
    {
        if (_local is not null) await _local.DisposeAsync();
        if (_container is not null) await DockerAsync("rm", "--force", "--volumes", _container);
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private async Task<Uri> RunContainerAsync()
    {
        _container = (await DockerAsync("run", "--detach", "--publish", "127.0.0.1::5672", "rabbitmq:3")).Trim();
        await DockerAsync("exec", _container, "rabbitmqctl", "await_startup", "--timeout", "120");
        var port = (await DockerAsync("port", _container, "5672/tcp")).Trim().Split(':').Last();
        return new Uri($"amqp://guest:guest@127.0.0.1:{port}/");
    }

    private static async Task<string> DockerAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("docker", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var docker = Process.Start(start) ?? throw new InvalidOperationException("docker could not be started.");
        var errors = docker.StandardError.ReadToEndAsync();
        var output = await docker.StandardOutput.ReadToEndAsync();
        await docker.WaitForExitAsync();
        return docker.ExitCode == 0 ? output : throw new InvalidOperationException(
            $"No RabbitMQ: install rabbitmq-server, set {Variable}, or let docker run. docker {arguments[0]}: {await errors}");
    }
}

/// <summary>A broker of one test, with its folder.</summary>
public sealed record OwnBroker(LocalBroker Broker, string Folder) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
