using System.Diagnostics;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.EventLog.Tests.Contract;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.EventLog.Tests.Sqlite;

/// <summary>A process that appends with many callers, prints each event id once it is acknowledged, and never ends by itself.</summary>
internal static class KilledProcess
{
    public const string Mode = "append-until-killed";
    private const int Callers = 16;

    public static Process Start(string folder)
    {
        var program = typeof(KilledProcess).Assembly.Location;
        var dotnet = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        return Process.Start(new ProcessStartInfo(dotnet, [program, Mode, folder]) { RedirectStandardOutput = true, UseShellExecute = false })!;
    }

    public static async Task<int> AppendUntilKilledAsync(string folder)
    {
        await using var log = await SqliteEventLog.OpenAsync(
            new() { Folder = folder, CheckpointPages = 100 }, TimeProvider.System, NullLogger.Instance);
        await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        using var oneLine = new SemaphoreSlim(1);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(Append)));
        return 1;

        async Task Append()
        {
            while (true)
            {
                var e = Sample.Event(1_600);
                var outcome = await log.AppendAsync(Sample.Stream(), ExpectedRevision.NoStream, [e], CancellationToken.None);
                if (outcome is not AppendOutcome.Appended appended) throw new InvalidOperationException($"{outcome}");
                await oneLine.WaitAsync();
                await output.WriteLineAsync($"{appended.Position} {e.EventId}");
                oneLine.Release();
            }
        }
    }
}
