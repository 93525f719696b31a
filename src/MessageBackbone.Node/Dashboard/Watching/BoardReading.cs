using MessageBackbone.EventLog;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Dashboard.Watching;

/// <summary>Puts together what a watching browser shows: one read of the board, the node's parts, the pace, the alarms.</summary>
internal sealed class BoardReading(
    BoardView board, Readiness readiness, CurrentDirectory directory, Surroundings surroundings, NodeIdentity node, IEventLog log, ServiceLevels levels, Alarms alarms,
    TrafficQueries traffic, TimeProvider clock)
{
    private static readonly TimeSpan RatesOf = TimeSpan.FromMinutes(1), LatenciesOf = TimeSpan.FromMinutes(5);

    public async Task<BoardState> ReadAsync(CancellationToken cancellationToken)
    {
        var counts = await board.GetAsync(cancellationToken);
        var parts = await PartsAsync(cancellationToken);
        var now = clock.GetUtcNow();
        var lines = Lines(counts, await traffic.OpenExercisesAsync(cancellationToken), now);
        var pace = await PaceAsync(now, cancellationToken);
        return New(now, counts.Position, lines, parts, pace, await alarms.FindAsync(lines, parts, cancellationToken), ProblemOf(parts));
    }

    /// <summary>What can be said when the numbers cannot be read: the last ones, where there were any, which part it is, and why.</summary>
    public async Task<BoardState> WithoutNumbersAsync(BoardState? last, string why, CancellationToken cancellationToken)
    {
        var parts = await PartsAsync(cancellationToken);
        last ??= New(clock.GetUtcNow(), 0, [], parts, Pace.None, [], null) with { Counted = false };
        return last with { Parts = parts, Alarms = alarms.OfPartsAnd(last.Alarms, parts), Problem = ProblemOf(parts) ?? why };
    }

    private BoardState New(
        DateTimeOffset at, ulong position, IReadOnlyList<BoardLine> lines, IReadOnlyList<PartState> parts, Pace pace, IReadOnlyList<Alarm> found, string? problem) =>
        new(at, position, lines, parts, pace, found, surroundings.Transport(), log.Kind, node.Name, problem);

    private async Task<IReadOnlyList<PartState>> PartsAsync(CancellationToken cancellationToken) =>
        [.. (await readiness.CheckAsync(cancellationToken)).Checks.Select(check => new PartState(check.Name, check.Ok, check.State))];

    // Numbers that stand still must not look like a quiet night.
    private static string? ProblemOf(IReadOnlyList<PartState> parts) => parts.FirstOrDefault(part => part is { Name: "board", Ok: false })?.State;

    private async Task<Pace> PaceAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var points = await traffic.ReadAsync(TrafficResolution.TenSeconds, now - LatenciesOf, now, null, null, cancellationToken);
        var latency = new LatencyHistogram();
        foreach (var point in points) latency.Merge(point.Latency);
        // Whole points only: the one that is still filling would always look slow.
        var last = points.Where(point => point.Start >= now - RatesOf - point.Width && point.Start + point.Width <= now).ToList();
        return new Pace(
            last.Sum(point => point.Accepted) / RatesOf.TotalSeconds, last.Sum(point => point.Delivered) / RatesOf.TotalSeconds, latency.Percentile(0.5), latency.Percentile(0.99));
    }

    // Every bureau that takes part has a line, also one that nothing was ever sent to; one that left has a line as long as something is open there.
    private List<BoardLine> Lines(Board counts, IReadOnlyDictionary<(string, Precedence), ulong> exercises, DateTimeOffset now)
    {
        var rows = counts.Rows.ToLookup(row => row.Bureau, StringComparer.Ordinal);
        var attending = surroundings.Attending();
        var state = directory.State;
        return
        [
            .. state.Bureaus.Keys.Union(rows.Select(group => group.Key), StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(code => new BoardLine(
                    code, state.Bureau(code)?.DisplayName ?? "", attending.Contains(code), state.Bureau(code)?.Closed ?? false, Cells(code, rows[code], exercises, now)))
                .Where(line => !line.Closed || line.Open > 0),
        ];
    }

    private List<BoardCell> Cells(string code, IEnumerable<BoardRow> rows, IReadOnlyDictionary<(string, Precedence), ulong> exercises, DateTimeOffset now)
    {
        var byPrecedence = rows.ToDictionary(row => row.Precedence);
        return
        [
            .. BoardState.MostUrgentFirst.Select(precedence =>
                Cell(precedence, byPrecedence.GetValueOrDefault(precedence) ?? new BoardRow(), exercises.GetValueOrDefault((code, precedence)), now)),
        ];
    }

    private BoardCell Cell(Precedence precedence, BoardRow counts, ulong exercises, DateTimeOffset now)
    {
        var oldest = counts.OldestWaitingAt?.ToDateTimeOffset();
        return new BoardCell(precedence, counts, oldest, StandingOf(precedence, counts, oldest, now), exercises);
    }

    private Standing StandingOf(Precedence precedence, BoardRow counts, DateTimeOffset? oldest, DateTimeOffset now)
    {
        if (counts.Late > 0) return Standing.Late;
        if (oldest is not { } since) return Standing.Empty;
        if (levels.Within(precedence) is not { } within) return Standing.Good;
        return now - since >= within ? Standing.Late : now - since >= within / 2 ? Standing.Close : Standing.Good;
    }
}
