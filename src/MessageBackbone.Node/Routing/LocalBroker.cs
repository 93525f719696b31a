using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MessageBackbone.Node.Routing;

/// <summary>A RabbitMQ of one's own on free loopback ports, from the server that is installed on this machine, with its own folders, node name and
/// port mapper. For the demo and for tests; ended by process id, with nothing else on the machine touched.</summary>
/// <remarks>It ends with this process, disposed or not, unless this process is killed: then the server stays, and the pid file in its folder names
/// it.</remarks>
public sealed class LocalBroker : IAsyncDisposable
{
    private const string Installed = "/usr/lib/rabbitmq/lib";
    private const int Tries = 3;
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan MapperWithin = TimeSpan.FromSeconds(20);

    private readonly LocalBrokerSetup _setup;
    private readonly ConcurrentQueue<string> _said = new();
    private Process? _mapper;
    private Process? _script;

    private LocalBroker(LocalBrokerSetup setup)
    {
        _setup = setup;
        AppDomain.CurrentDomain.ProcessExit += EndNow;
    }

    /// <summary>Where clients connect.</summary>
    public Uri Address => _setup.Address;

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
        var server = FindServer()
            ?? throw new BrokerStartException($"No RabbitMQ is installed under {Installed}. Install rabbitmq-server, or name a broker's address.");
        for (var tries = 1; ; tries++)
        {
            var broker = new LocalBroker(new LocalBrokerSetup(server, Path.GetFullPath(folder)));
            try
            {
                await broker.MapAsync(cancellationToken);
                await broker.RunAsync(cancellationToken);
                return broker;
            }
            catch (BrokerStartException) when (tries < Tries)
            {
                // A port that was free when it was chosen may be somebody else's by now: again, with others.
                await broker.DisposeAsync();
            }
            catch
            {
                await broker.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>Ends the broker as a power cut would: SIGKILL, nothing is flushed or closed.</summary>
    public async Task KillAsync()
    {
        if (_script is null) return;
        // The script runs the server as its child: both, and the server's own helpers.
        _script.Kill(entireProcessTree: true);
        await _script.WaitForExitAsync();
        _script.Dispose();
        _script = null;
    }

    /// <summary>Starts the killed broker again on the same ports with the data that it had.</summary>
    public Task StartAgainAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    /// <summary>Removes the data of a killed broker: started again, it knows nothing.</summary>
    public void Wipe()
    {
        System.IO.Directory.Delete(_setup.Data, recursive: true);
        System.IO.Directory.CreateDirectory(_setup.Data);
    }

    /// <summary>Runs <c>rabbitmqctl</c> against this broker and returns what it printed.</summary>
    public async Task<string> ControlAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var control = _setup.Start(_setup.Control, ["-q", .. arguments]);
        var errors = control.StandardError.ReadToEndAsync(cancellationToken);
        var output = await control.StandardOutput.ReadToEndAsync(cancellationToken);
        await control.WaitForExitAsync(cancellationToken);
        return control.ExitCode == 0 ? output : throw new BrokerStartException($"rabbitmqctl {string.Join(' ', arguments)}: {output}{await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= EndNow;
        await KillAsync();
        if (_mapper is null) return;
        _mapper.Kill();
        await _mapper.WaitForExitAsync();
        _mapper.Dispose();
        _mapper = null;
    }

    // Our own port mapper in the foreground: one that the server started by itself would outlive it, and nobody would know its process id.
    private async Task MapAsync(CancellationToken cancellationToken)
    {
        _setup.CreateFolders();
        _mapper = _setup.Start("epmd", ["-port", _setup.MapperPort.ToString(CultureInfo.InvariantCulture), "-address", "127.0.0.1"]);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(MapperWithin);
        while (!_mapper.HasExited)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, _setup.MapperPort, limit.Token);
                return;
            }
            catch (SocketException notYet) when (notYet.SocketErrorCode == SocketError.ConnectionRefused)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
            }
        }
        throw new BrokerStartException($"epmd did not start: {await _mapper.StandardError.ReadToEndAsync(limit.Token)}");
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        _said.Clear();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _script = _setup.Start(_setup.Server, []);
        // Read for as long as it runs: the server blocks when a pipe is full.
        _script.OutputDataReceived += (_, line) => Hear(line.Data, ready);
        _script.ErrorDataReceived += (_, line) => Hear(line.Data, ready);
        _script.BeginOutputReadLine();
        _script.BeginErrorReadLine();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyWithin);
        await Task.WhenAny(ready.Task, _script.WaitForExitAsync(limit.Token));
        cancellationToken.ThrowIfCancellationRequested();
        if (ready.Task.IsCompleted) return;
        throw new BrokerStartException($"RabbitMQ did not start: {string.Join(' ', _said)} Its log is in {_setup.Log}.");
    }

    private void Hear(string? line, TaskCompletionSource ready)
    {
        if (line is null || ready.Task.IsCompleted) return;
        if (line.Contains("RabbitMQ ", StringComparison.Ordinal) && Version.Length == 0) Version = line.Trim().Split(' ').Last();
        _said.Enqueue(line.Trim());
        if (_said.Count > 40) _said.TryDequeue(out _);
        if (line.Contains("completed with", StringComparison.Ordinal)) ready.TrySetResult();
    }

    private void EndNow(object? sender, EventArgs e)
    {
        _script?.Kill(entireProcessTree: true);
        _mapper?.Kill();
    }
}

/// <summary>A broker of one's own could not be had. The message says why and what to do.</summary>
public sealed class BrokerStartException(string message) : Exception(message);
