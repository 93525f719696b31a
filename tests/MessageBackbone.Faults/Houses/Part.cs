using System.Diagnostics;
using MessageBackbone.Faults.Programs;

namespace MessageBackbone.Faults.Houses;

/// <summary>The process was ended while something was asked of it.</summary>
internal sealed class PartGoneException(string part) : Exception($"{part} is gone.");

/// <summary>One process of the house. What it writes lies in a log file.</summary>
internal sealed class Part : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(90), ObeysWithin = TimeSpan.FromSeconds(60);

    private readonly string _name;
    private readonly Process _process;
    private readonly SemaphoreSlim _asking = new(1);
    private readonly Task _logging;

    private Part(string name, string logFile, string[] args)
    {
        _name = name;
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MessageBackbone.Faults.dll"), .. args])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start) ?? throw new InvalidOperationException("dotnet could not be started.");
        _logging = LogAsync(_process.StandardError, logFile);
    }

    /// <summary>Starts it; returns when it listens.</summary>
    /// <exception cref="PartGoneException">It ended before.</exception>
    public static async Task<Part> StartAsync(string name, string logFile, string[] args, CancellationToken cancellationToken)
    {
        var part = new Part(name, logFile, args);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ReadyWithin);
            while (await part._process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
                if (line.StartsWith("ready ", StringComparison.Ordinal))
                    return part;
            throw new PartGoneException(name);
        }
        catch
        {
            await part.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has an order carried out.</summary>
    /// <exception cref="PartGoneException">It was ended meanwhile.</exception>
    public async Task OrderAsync(string order, CancellationToken cancellationToken)
    {
        try
        {
            await _asking.WaitAsync(cancellationToken);
            try
            {
                await _process.StandardInput.WriteLineAsync(order.AsMemory(), cancellationToken);
                await _process.StandardInput.FlushAsync(cancellationToken);
                var answer = await _process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(ObeysWithin, cancellationToken);
                if (answer != Orders.Done) throw new PartGoneException(_name);
            }
            finally
            {
                _asking.Release();
            }
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException)
        {
            // Its end of the pipe is closed; or another is started in its place, and this one is disposed of.
            throw new PartGoneException(_name);
        }
    }

    /// <summary>As a power cut: nothing is flushed or closed by the process itself.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _logging;
    }

    /// <summary>Ends it in order, as the end of its input asks it to.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(cancellationToken).WaitAsync(ReadyWithin, cancellationToken);
        await _logging;
    }

    public Task SuspendAsync() => Signals.SendAsync("STOP", _process.Id);

    public Task ResumeAsync() => Signals.SendAsync("CONT", _process.Id);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        _asking.Dispose();
    }

    private static async Task LogAsync(StreamReader from, string file)
    {
        await using var to = new StreamWriter(file, append: true) { AutoFlush = true };
        while (await from.ReadLineAsync() is { } line) await to.WriteLineAsync(line);
    }
}

internal static class Signals
{
    /// <summary>To one process, by its id. One that has ended gets none.</summary>
    public static async Task SendAsync(string signal, int process)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", $"{process}"]) { UseShellExecute = false, RedirectStandardError = true })!;
        await kill.WaitForExitAsync();
    }
}
