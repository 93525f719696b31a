using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Benching;

/// <summary>`backbone bench`: measurements that anybody can repeat. Each starts all that it needs in a folder of its own and removes it.</summary>
internal static class BenchCommands
{
    private static readonly Option<int> Waiting = new("--waiting")
    {
        Description = "ROUTINE messages that wait for the same bureau.",
        HelpName = "N",
        DefaultValueFactory = _ => 1_000_000,
    };

    private static readonly Option<int> Samples = new("--samples")
    {
        Description = "FLASH messages measured in each of the two phases.",
        HelpName = "N",
        DefaultValueFactory = _ => 500,
    };

    private static readonly Option<string?> RabbitMq =
        new("--rabbitmq") { Description = "'auto' routes over a RabbitMQ that is started for the run. Default: in memory.", HelpName = "auto" };

    private static readonly Option<string?> Summary = new("--json") { Description = "Write the figures to this file.", HelpName = "FILE" };

    public static Command Create(Shell shell) =>
        new DocumentedCommand("bench", "Measure this machine and this version.", "backbone bench precedence --waiting 100000")
        .With(Precedence(shell), LogBenchCommand.Create(shell), DashboardBenchCommand.Create(shell));

    private static DocumentedCommand Precedence(Shell shell) => new DocumentedCommand("precedence",
            "FLASH from gateway to gateway, with nothing waiting and while ROUTINE messages wait for the same bureau, in one run.",
            "backbone bench precedence --waiting 100000", "backbone bench precedence --rabbitmq auto --json precedence.json")
        .With(Waiting, Samples, RabbitMq, Summary)
        .Does(shell, RunAsync);

    private static async Task RunAsync(Session session, CancellationToken stop)
    {
        var (waiting, samples, broker) = (session.Get(Waiting), session.Get(Samples), session.Get(RabbitMq));
        if (waiting < 0 || samples is < 1 or > 100_000) throw CommandFailure.Usage("--waiting is 0 or more, --samples is 1 to 100000.");
        if (broker is not (null or "auto")) throw CommandFailure.Usage("--rabbitmq is auto here: the run empties and fills the broker's queues.");
        await using var house = await BenchHouse.StartAsync(broker is not null, session.Print.LiveLine, session.Shell.Clock, stop);
        var result = await new PrecedenceBench(house, waiting, samples, session.Print.LiveLine, session.Shell.Clock).RunAsync(stop);
        Show(session.Print, result);
        if (session.Get(Summary) is { } file) await File.WriteAllTextAsync(file, Printer.ToJson(result) + "\n", stop);
        if (result.Lost > 0) session.ExitCode = 1;
    }

    private static void Show(Printer print, PrecedenceResult result)
    {
        print.Line("");
        print.Table(["what", "figure"],
        [
            ["FLASH with nothing waiting", $"{result.FlashIdleMs.P50} ms (p50), {result.FlashIdleMs.P99} ms (p99)"],
            [$"FLASH while {result.WaitingAtStart} to {result.WaitingAtEnd} ROUTINE wait",
                $"{result.FlashWaitingMs.P50} ms (p50), {result.FlashWaitingMs.P99} ms (p99)"],
            ["ratio of the p99", $"{result.RatioP99}"],
            ["accepted while filling", $"{result.FillPerSecond} a second"],
            ["node's memory", $"{result.NodeIdleMib} MiB with nothing waiting, {result.NodeWaitingMib} MiB holding them"],
            ["drained", $"in {result.DrainSeconds} s, {result.DrainPerSecond} a second"],
            ["lost", $"{result.Lost}"],
        ], "nothing was measured");
    }
}
