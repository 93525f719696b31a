using System.Diagnostics;
using System.Globalization;

namespace MessageBackbone.EndToEnd.Processes;

/// <summary>One `backbone node`, `gateway` or `demo`: a process of its own, so that it can be killed. Its log lines lie in a file.</summary>
internal sealed class BackboneProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60), StoppedWithin = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Task _logging;

    private BackboneProcess(Process process, StreamWriter log)
    {
        (_process, _log) = (process, log);
        _logging = CopyAsync(process.StandardError);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("https://127.0.0.1");

    public int Id => _process.Id;

    /// <summary>Starts it and returns when it says where it listens and how to stop it.</summary>
    public static async Task<BackboneProcess> StartAsync(string logFile, IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "backbone.dll"), .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet could not be started.");
        var started = new BackboneProcess(process, new StreamWriter(logFile, append: true) { AutoFlush = true });
        try
        {
            started.Address = await started.ReadyAsync(logFile).WaitAsync(ReadyWithin, TestContext.Current.CancellationToken);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>As a power cut: nothing is flushed or closed by the process itself.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _logging;
    }

    /// <summary>SIGTERM; it must end in order.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        await _process.WaitForExitAsync().WaitAsync(StoppedWithin, TestContext.Current.CancellationToken);
        await _logging;
        Assert.Equal(0, _process.ExitCode);
    }

    /// <summary>Holds it where it is: it neither reads nor answers, and its connections stay open.</summary>
    public Task SuspendAsync() => SignalAsync("STOP");

    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        await _log.DisposeAsync();
    }

    private async Task<Uri> ReadyAsync(string logFile)
    {
        Uri? address = null;
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            Write(line);
            var at = line.IndexOf("https://", StringComparison.Ordinal);
            if (at >= 0) address ??= new Uri(line[at..].Split(' ')[0].TrimEnd('.'));
            if (address is not null && line.Contains("Ctrl-C", StringComparison.Ordinal)) return address;
        }
        await _logging;
        throw new InvalidOperationException($"It ended before it was ready:\n{string.Join('\n', File.ReadLines(logFile).TakeLast(20))}");
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task CopyAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line) Write(line);
    }

    // Not asynchronous: two pipes of the process are copied here, and a writer serves one caller at a time.
    private void Write(string line)
    {
        lock (_log) _log.WriteLine(line);
    }
}
