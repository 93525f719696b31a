using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventLog.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Cli.Benching;

/// <summary>`backbone bench log`: appends a second, into a file and, where one is named, into a server, in one run.</summary>
internal static class LogBenchCommand
{
    private const int EventBytes = 256, Rounds = 5;

    private static readonly Option<string?> EventStore = new("--eventstore")
    {
        Description = "Measure this EventStoreDB too. What is appended stays there, in streams that no backbone reads.",
        HelpName = "ESDB",
    };

    private static readonly Option<int> Callers = new("--callers") { Description = "Callers at once.", HelpName = "N", DefaultValueFactory = _ => 64 };

    private static readonly Option<int> Seconds = new("--seconds") { Description = "How long each round lasts.", HelpName = "N", DefaultValueFactory = _ => 5 };

    private static readonly Option<string?> Summary = new("--json") { Description = "Write the figures to this file.", HelpName = "FILE" };

    public static DocumentedCommand Create(Shell shell) => new DocumentedCommand("log",
            $"Appends of one event of {EventBytes} bytes to the event log, in a file and in a server by turns.",
            "backbone bench log", "backbone bench log --eventstore esdb://127.0.0.1:2113?tls=false --json log.json")
        .With(EventStore, Callers, Seconds, Summary)
        .Does(shell, RunAsync);

    private static async Task RunAsync(Session session, CancellationToken stop)
    {
        var (store, callers, seconds) = (session.Get(EventStore), session.Get(Callers), session.Get(Seconds));
        if (callers is < 1 or > 10_000 || seconds is < 1 or > 600) throw CommandFailure.Usage("--callers is 1 to 10000, --seconds is 1 to 600.");
        if (store is not null && ConnectionString.ProblemWith(store) is { } problem) throw CommandFailure.Usage($"--eventstore: {problem}");
        var folder = Directory.CreateTempSubdirectory("backbone-bench-");
        try
        {
            var result = await MeasureAsync(session, folder.FullName, store, callers, TimeSpan.FromSeconds(seconds), stop);
            Show(session.Print, result);
            if (session.Get(Summary) is { } file) await File.WriteAllTextAsync(file, Printer.ToJson(result) + "\n", stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<AppendResult> MeasureAsync(Session session, string folder, string? store, int callers, TimeSpan time, CancellationToken stop)
    {
        var clock = session.Shell.Clock;
        await using var file = await SqliteEventLog.OpenAsync(new() { Folder = Path.Combine(folder, "file") }, clock, NullLogger.Instance);
        await using var server = store is null ? null : await EventStoreDbEventLog.OpenAsync(InServer(store, folder), clock, NullLogger.Instance, stop);
        IReadOnlyList<IEventLog> logs = server is null ? [file] : [file, server];
        session.Print.LiveLine($"{callers} callers, {EventBytes} bytes, {Rounds} rounds of {time.TotalSeconds} s each; data in {folder}");
        var rates = await new AppendBench(callers, EventBytes, time, clock).RunAsync(logs, Rounds, session.Print.LiveLine, stop);
        return new(callers, EventBytes, rates, rates.Count == 2 ? Math.Round(rates[0].PerSecond / rates[1].PerSecond, 2) : null);
    }

    private static EventStoreDbOptions InServer(string store, string folder) =>
        new() { ConnectionString = store, Folder = Path.Combine(folder, "server"), Space = $"bench{Guid.NewGuid():N}"[..32] };

    private static void Show(Printer print, AppendResult result)
    {
        print.Line("");
        print.Table(["event log", "appends a second", "answered within"],
            result.Rates.Select(r => (IReadOnlyList<string>)[r.Log, $"{r.PerSecond}", $"{r.AppendMs.P50} ms (p50), {r.AppendMs.P99} ms (p99)"]), "nothing was measured");
        if (result.Ratio is { } ratio) print.Line($"Ratio {result.Rates[0].Log} to {result.Rates[1].Log}: {ratio}");
    }
}
