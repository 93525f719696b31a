using System.Globalization;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Demo;

/// <summary>What a demo tells its user.</summary>
internal sealed class DemoReport(Printer print)
{
    private const int MostShown = 10;

    public async Task FirstAsync(DemoTally tally)
    {
        var (bureau, received) = await tally.First;
        print.Line($"First delivery: {received.From.Value} to {bureau}, {Choice.Show(received.Precedence)}");
    }

    public static DemoSummary Summarise(
        DemoState state, DemoAudit audit, IReadOnlyDictionary<(string Id, string Bureau), int> shown, TimeSpan took, DemoHouse house, int seed,
        IReadOnlyList<string> leftOut, out List<string> problems)
    {
        var receipted = state.Expected.Where(audit.Receipted.Contains).ToHashSet();
        var lost = state.Expected.Where(delivery => !receipted.Contains(delivery) || !shown.ContainsKey(delivery)).ToList();
        problems =
        [
            .. state.Refused.Select(r => $"refused {r.Reason}: {Plain.Line(r.Item)}"),
            .. lost.Select(l => $"lost: {l.Id} at {l.Bureau}"),
            .. audit.Problems.Select(p => $"does not verify: {Plain.Line(p)}"),
        ];
        return new DemoSummary(
            state.Accepted, state.Refused.Count, state.Expected.Count, receipted.Count, lost.Count + state.Unanswered, state.Expected.Count(delivery => shown.GetValueOrDefault(delivery) > 1),
            Percentiles.Of(state.AcceptMs), Percentiles.Of(state.EndToEndMs), Math.Round(state.Accepted / Math.Max(took.TotalSeconds, 0.001), 1),
            audit.Events, audit.Checkpoint is { } c ? new(c.Size, c.Root.ToString()) : null, house.Transport, house.EventLog, seed, leftOut);
    }

    public void Show(DemoSummary summary, DemoState state, List<string> problems)
    {
        foreach (var problem in problems.Take(MostShown)) print.Line(problem);
        if (problems.Count > MostShown) print.Line($"… and {problems.Count - MostShown} more");
        print.Table(["what", "is"],
        [
            ["messages", $"{summary.Accepted} accepted, {summary.Refused} refused{(state.Unanswered > 0 ? $", {state.Unanswered} without an answer" : "")}"],
            ["deliveries", $"{summary.Deliveries}, of which {summary.Receipts} with a signed receipt that verifies"],
            ["lost", Number(summary.Lost)],
            ["shown twice", Number(summary.ShownTwice)],
            ["accepted within", $"{Ms(summary.AcceptMs.P50)} (p50), {Ms(summary.AcceptMs.P99)} (p99)"],
            ["in the inbox within", $"{Ms(summary.EndToEndMs.P50)} (p50), {Ms(summary.EndToEndMs.P99)} (p99)"],
            ["messages a second", summary.PerSecond.ToString("0.0", CultureInfo.InvariantCulture)],
            ["events in the log", Number(summary.Events)],
            ["signed tree", summary.Checkpoint is { } c ? $"{c.Size} events, root {c.Root}" : "does not verify"],
        ], "");
    }

    private static string Ms(double value) => value.ToString("0.0 ms", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
