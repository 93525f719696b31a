using System.CommandLine;
using System.Security.Cryptography;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.DirectoryActs;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Running;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.EventLog.EventStoreDb;

namespace MessageBackbone.Cli.Demo;

/// <summary>`backbone demo`: the whole backbone in one process, with messages on the way.</summary>
internal static class DemoCommand
{
    private static readonly Option<string?> Messages =
        new("--messages") { Description = "Send every file below this folder. Default: a built-in sample.", HelpName = "DIR" };
    private static readonly Option<string> Bureaus =
        new("--bureaus") { Description = "The bureaus that take part.", HelpName = "FR,DE,…", DefaultValueFactory = _ => "FR,DE,ES,GB,JP" };
    private static readonly Option<string?> RabbitMq =
        new("--rabbitmq") { Description = "Route over this broker; 'auto' starts the one that is installed here. Default: in memory.", HelpName = "URI|auto" };
    private static readonly Option<string?> EventStore =
        new("--eventstore") { Description = "Keep the event log in this EventStoreDB. Default: in a file.", HelpName = "ESDB" };
    private static readonly Option<int?> Seed = new("--seed") { Description = "Draw senders, recipients and precedences again as in an earlier run.", HelpName = "N" };
    private static readonly Option<bool> Exit = new("--exit") { Description = "End when every receipt is there." };
    private static readonly Option<string?> Summary = new("--json") { Description = "Write the summary to this file.", HelpName = "FILE" };

    public static Command Create(Shell shell) =>
        new DocumentedCommand("demo", "A node and a gateway a bureau in this process; sends messages between them and waits for every signed receipt.",
            "backbone demo", "backbone demo --exit --json summary.json", "backbone demo --messages ./my-files --bureaus FR,DE --rabbitmq auto",
            "backbone demo --eventstore esdb://127.0.0.1:2113?tls=false")
        .With(Messages, Bureaus, RabbitMq, EventStore, Seed, Exit, Summary)
        .Does(shell, RunAsync);

    private static async Task RunAsync(Session session, CancellationToken stop)
    {
        var wishes = Wishes(session);
        var items = DemoItems.Read(session.Get(Messages));
        Directory.CreateDirectory(wishes.Data);
        using var log = new LogFile(Path.Combine(wishes.Data, "demo.log"), session.Shell.Clock);
        using var logs = log.Factory();
        var tally = new DemoTally(session.Shell.Clock);
        session.Print.Line($"Seed {wishes.Seed}; data in {wishes.Data}, log lines in {Path.GetFileName(log.Path)}");
        await using var house = await DemoHouse.StartAsync(wishes, tally.Note, session.Print.Line, session.Shell.Clock, logs, stop);
        var addresses = house.Addresses();
        addresses.Write(wishes.Data);
        try
        {
            await SendAsync(session, house, tally, wishes, items, stop);
            if (log.Errors > 0) session.Print.Line($"{log.Errors} errors are in {log.Path}.");
            if (!session.Get(Exit)) await StayAsync(session, wishes, stop);
        }
        finally
        {
            (addresses with { StoppedAt = session.Shell.Clock.GetUtcNow() }).Write(wishes.Data);
        }
    }

    private static DemoWishes Wishes(Session session)
    {
        var bureaus = DirectoryCommands.Codes(session.Get(Bureaus));
        if (bureaus.Count < 2) throw CommandFailure.Usage("--bureaus names at least two.", "Like FR,DE.");
        var rabbit = session.Get(RabbitMq);
        if (rabbit is not null and not "auto" && !(Uri.TryCreate(rabbit, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps"))
            throw CommandFailure.Usage("--rabbitmq is auto or an address.", "Like amqp://user:password@127.0.0.1:5672/.");
        var store = session.Get(EventStore);
        if (store is not null && ConnectionString.ProblemWith(store) is { } problem) throw CommandFailure.Usage($"--eventstore: {problem}", "Like esdb://127.0.0.1:2113?tls=false.");
        return new DemoWishes(session.Settings.Data, bureaus, rabbit, store, session.Get(Seed) ?? RandomNumberGenerator.GetInt32(1, 1_000_000), !session.Get(Exit));
    }

    private static async Task SendAsync(Session session, DemoHouse house, DemoTally tally, DemoWishes wishes, DemoItems items, CancellationToken stop)
    {
        var drawn = DemoDraw.Draw(items.Items, wishes.Bureaus, wishes.Seed);
        foreach (var name in items.LeftOut) session.Print.Line($"Left out, larger than {DemoItems.LargestInWords}: {Plain.Line(name)}");
        session.Print.Line($"Sending {drawn.Count} messages between {string.Join(", ", wishes.Bureaus)} …");
        var report = new DemoReport(session.Print);
        var first = report.FirstAsync(tally);
        var run = new DemoRun(house, tally, session.Shell.Clock);
        var state = await run.SendAllAsync(drawn, stop);
        if (state.EndToEndMs.Count > 0) await first;
        var shown = await DemoInboxes.ListAsync(house.Addresses(), session.Shell.Clock, stop);
        var summary = DemoReport.Summarise(state, await run.AuditAsync(stop), shown, run.Took, house, wishes.Seed, items.LeftOut, out var problems);
        report.Show(summary, state, problems);
        if (session.Get(Summary) is { } file) await File.WriteAllTextAsync(file, Printer.ToJson(summary) + "\n", stop);
        if (!summary.Good) session.ExitCode = 1;
    }

    private static async Task StayAsync(Session session, DemoWishes wishes, CancellationToken stop)
    {
        var backbone = Directory.Exists("src/MessageBackbone.Cli") ? "dotnet run -c Release --project src/MessageBackbone.Cli --" : "backbone";
        var data = wishes.Data == Path.GetFullPath(Settings.DefaultData) ? "" : $" --data {wishes.Data}";
        var (from, to) = (wishes.Bureaus[0], wishes.Bureaus[1]);
        session.Print.Line("");
        session.Print.Line("Everything stays up until Ctrl-C. In another terminal:");
        session.Print.Line($"  {backbone} send --as {from} --to {to} --precedence flash --text 'Vehicle crossed the border at 14:05'{data}");
        session.Print.Line($"  {backbone} inbox --as {to}{data}");
        await Task.Delay(Timeout.InfiniteTimeSpan, session.Shell.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        session.Print.Line("Stopping …");
    }
}
