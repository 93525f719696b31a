using System.Diagnostics;
using System.Net;
using MessageBackbone.Node.Routing;

namespace MessageBackbone.Faults.Houses;

/// <summary>The house's own EventStoreDB: one node without TLS on loopback, in a folder of the house.</summary>
internal sealed class LogServer : IServer, IAsyncDisposable
{
    private readonly string _program;
    private readonly string _folder;
    private readonly int _replicationPort = LocalBrokerSetup.FreePort();
    private Process? _process;
    private Task _logging = Task.CompletedTask;

    private LogServer(string program, string folder) => (_program, _folder) = (program, folder);

    public int Port { get; } = LocalBrokerSetup.FreePort();

    public static async Task<LogServer> StartAsync(string program, string folder, CancellationToken cancellationToken)
    {
        var server = new LogServer(program, Directory.CreateDirectory(folder).FullName);
        await File.WriteAllTextAsync(Path.Combine(folder, "empty.yaml"), "", cancellationToken);
        try
        {
            await server.StartAgainAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        _process?.Dispose();
        _process = Process.Start(Settings()) ?? throw new InvalidOperationException($"{_program} could not be started.");
        _logging = Task.WhenAll(DrainAsync(_process.StandardOutput), DrainAsync(_process.StandardError));
        using var client = new HttpClient();
        await Waiting.UntilAsync("the event log's server is live", () => IsLiveAsync(client, cancellationToken), cancellationToken);
    }

    public async Task KillAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _logging;
    }

    public Task SuspendAsync() => Signals.SendAsync("STOP", _process!.Id);

    public Task ResumeAsync() => Signals.SendAsync("CONT", _process!.Id);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
    }

    private ProcessStartInfo Settings()
    {
        string In(string name) => Path.Combine(_folder, name);
        string[] args =
        [
            "--insecure", "--config", In("empty.yaml"), "--db", In("db"), "--index", In("index"), "--log", In("log"), "--cluster-size", "1",
            "--node-ip", "127.0.0.1", "--node-port", $"{Port}", "--replication-ip", "127.0.0.1", "--replication-port", $"{_replicationPort}",
            "--max-append-size", "16000000", "--run-projections", "None",
        ];
        var start = new ProcessStartInfo(_program, args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        // It counts only from here; on the command line it is an error.
        start.Environment["EVENTSTORE_TELEMETRY_OPTOUT"] = "true";
        return start;
    }

    private async Task<bool> IsLiveAsync(HttpClient client, CancellationToken cancellationToken)
    {
        if (_process!.HasExited) throw new InvalidOperationException($"{_program} ended with {_process.ExitCode}; its log is in {_folder}.");
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{Port}/health/live"), cancellationToken);
            return answer.StatusCode == HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    // What it says lies in its own log files too.
    private static async Task DrainAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is not null)
        {
        }
    }
}
