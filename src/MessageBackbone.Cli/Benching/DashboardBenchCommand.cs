using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Benching;

/// <summary>`backbone bench dashboard`: how fast pages come with many messages in the read models, and what watching browsers cost the node.</summary>
internal static class DashboardBenchCommand
{
    private static readonly Option<int> Messages = new("--messages")
    {
        Description = "Messages in the read models.",
        HelpName = "N",
        DefaultValueFactory = _ => 1_000_000,
    };

    private static readonly Option<int> Waiting = new("--waiting")
    {
        Description = "Of a hundred copies, how many still wait.",
        HelpName = "N",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<bool> Open = new("--open") { Description = "Afterwards print a link to the dashboard, and serve it until Ctrl+C." };

    private static readonly Option<int> Browsers = new("--browsers")
    {
        Description = "Browsers that watch the board; 0 leaves this part out. Needs chromium.",
        HelpName = "N",
        DefaultValueFactory = _ => 10,
    };

    private static readonly Option<int> Rate = new("--rate") { Description = "Deliveries a second while they watch.", HelpName = "N", DefaultValueFactory = _ => 1_000 };

    private static readonly Option<int> Seconds = new("--seconds") { Description = "How long each round lasts.", HelpName = "N", DefaultValueFactory = _ => 20 };

    private static readonly Option<string?> Summary = new("--json") { Description = "Write the figures to this file.", HelpName = "FILE" };

    public static DocumentedCommand Create(Shell shell) => new DocumentedCommand("dashboard",
            "Pages of the dashboard with many messages in the read models, and the node's processor time that watching browsers cost.",
            "backbone bench dashboard", "backbone bench dashboard --messages 100000 --browsers 0 --json dashboard.json", "backbone bench dashboard --waiting 100 --browsers 0 --open")
        .With(Messages, Waiting, Browsers, Rate, Seconds, Summary, Open)
        .Does(shell, RunAsync);

    private static async Task RunAsync(Session session, CancellationToken stop)
    {
        var (messages, browsers, rate, seconds) = (session.Get(Messages), session.Get(Browsers), session.Get(Rate), session.Get(Seconds));
        if (session.Get(Waiting) is < 0 or > 100) throw CommandFailure.Usage("--waiting is 0 to 100.");
        if (messages is < 1_000 or > 20_000_000) throw CommandFailure.Usage("--messages is 1000 to 20000000.");
        if (browsers is < 0 or > 50 || rate is < 1 or > 20_000 || seconds is < 5 or > 600)
            throw CommandFailure.Usage("--browsers is 0 to 50, --rate is 1 to 20000, --seconds is 5 to 600.");
        if (browsers > 0 && Chromium.Find() is null) throw new CommandFailure("There is no chromium on PATH.", "Install it, or leave this part out with --browsers 0.");
        await using var house = await DashboardHouse.StartAsync(messages, session.Get(Waiting), session.Print.LiveLine, session.Shell.Clock, stop);
        var bench = new DashboardBench(house, session.Print.LiveLine, session.Shell.Clock);
        var pages = await bench.PagesAsync(stop);
        ShowPages(session.Print, pages);
        var watching = browsers == 0
            ? null
            : await new WatchingBench(house, session.Print.LiveLine, session.Shell.Clock).MeasureAsync(browsers, rate, TimeSpan.FromSeconds(seconds), stop);
        var result = new DashboardResult(messages, house.CatchUpSeconds, pages, watching);
        Show(session.Print, result);
        if (session.Get(Summary) is { } file) await File.WriteAllTextAsync(file, Printer.ToJson(result) + "\n", stop);
        if (!session.Get(Open)) return;
        session.Print.Line($"{house.Link()}   (lets in one browser; Ctrl+C ends it)");
        await Task.Delay(Timeout.InfiniteTimeSpan, session.Shell.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static void ShowPages(Printer print, IReadOnlyList<PageTime> pages)
    {
        print.Line("");
        print.Table(["page", "answered within"],
            pages.Select(page => (IReadOnlyList<string>)[page.Page, $"{page.Ms.P50} ms (p50), {page.Ms.P95} ms (p95)"]), "nothing was measured");
    }

    private static void Show(Printer print, DashboardResult result)
    {
        print.Line($"{result.Messages} messages; the read models were built in {result.CatchUpSeconds} s");
        if (result.Watching is not { } w) return;
        print.Line($"{w.Browsers} browsers watch at {w.Rate} deliveries a second (medians of {w.Rounds} rounds each):");
        print.Line($"  without them {w.RateWithout:F0}/s were made and shown, and the node used {w.CoreWithout:P0} of a core");
        print.Line($"  with them {w.RateWith:F0}/s, and {w.CoreWith:P0}: they cost {w.Cost:P0}, one browser itself used {w.BrowserCore:P0}");
        if (Math.Min(w.RateWith, w.RateWithout) < 0.95 * w.Rate) print.Note("This machine does not reach that rate: the figures are of what it reached.");
    }
}

/// <summary>What `bench dashboard` measured; names of the file are these in snake case.</summary>
/// <param name="CatchUpSeconds">From the node's start until every read model had every event.</param>
internal sealed record DashboardResult(int Messages, double CatchUpSeconds, IReadOnlyList<PageTime> Pages, WatchingCost? Watching);

/// <summary>How long the server took for a page, from the request to the last byte, one request at a time.</summary>
internal sealed record PageTime(string Page, PagePercentiles Ms);

internal sealed record PagePercentiles(double P50, double P95);

/// <summary>What watching cost, in parts of one core.</summary>
/// <param name="Rate">Messages a second, each with its delivery, as ordered.</param>
/// <param name="CoreWithout">Processor time of the node's process, which also makes the messages, while nobody watched.</param>
/// <param name="RateWithout">Messages a second that there really were, until the last was in the read models.</param>
/// <param name="BrowserCore">Processor time of one browser.</param>
internal sealed record WatchingCost(
    int Browsers, int Rate, int Rounds, double CoreWithout, double CoreWith, double RateWithout, double RateWith, double BrowserCore)
{
    /// <summary>As much as they had to do with the same rate.</summary>
    public double Cost => Math.Round(CoreWith - (CoreWithout * RateWith / RateWithout), 3);
}
