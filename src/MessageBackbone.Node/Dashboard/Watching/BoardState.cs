using MessageBackbone.V1;

namespace MessageBackbone.Node.Dashboard.Watching;

/// <summary>How soon messages are to be where they belong, as configured.</summary>
/// <param name="Within">Null: nothing of this precedence is ever late.</param>
internal sealed record ServiceLevels(Func<Precedence, TimeSpan?> Within);

/// <summary>How well a cell of the matrix keeps its service level.</summary>
internal enum Standing
{
    /// <summary>Nothing is open.</summary>
    Empty,

    /// <summary>The oldest open delivery has used less than half of its time.</summary>
    Good,

    /// <summary>More than half of it.</summary>
    Close,

    /// <summary>The service level has passed.</summary>
    Late,
}

/// <summary>One bureau at one precedence: deliveries by where they stand.</summary>
/// <param name="Oldest">Acceptance of the oldest open one.</param>
/// <param name="Exercises">Of the open ones, those of exercises.</param>
internal sealed record BoardCell(Precedence Precedence, BoardRow Counts, DateTimeOffset? Oldest, Standing Standing, ulong Exercises)
{
    public ulong Open => Counts.Waiting + Counts.Quarantined;
}

/// <summary>One line of the matrix.</summary>
/// <param name="Cells">Most urgent first, always four.</param>
internal sealed record BoardLine(string Bureau, string Name, bool Attended, bool Closed, IReadOnlyList<BoardCell> Cells)
{
    public ulong Open => Cells.Aggregate(0UL, (sum, cell) => sum + cell.Open);

    /// <summary>Of the open ones, those of exercises.</summary>
    public ulong Exercises => Cells.Aggregate(0UL, (sum, cell) => sum + cell.Exercises);

    public Standing Standing => Cells.Max(cell => cell.Standing);
}

/// <summary>One part of the node and whether it works.</summary>
/// <param name="State">For people, in English, as operations say it.</param>
internal sealed record PartState(string Name, bool Ok, string State);

/// <summary>What goes through now: of the last minute, per second, and how long deliveries of the last five minutes took.</summary>
internal sealed record Pace(double AcceptedPerSecond, double DeliveredPerSecond, TimeSpan? Median, TimeSpan? Slowest)
{
    public static Pace None { get; } = new(0, 0, null, null);
}

/// <summary>Everything that a watching browser shows, as of one moment; the same one for all browsers.</summary>
/// <param name="Problem">Why this is older than it should be, in English; null: it is fresh.</param>
internal sealed record BoardState(
    DateTimeOffset At, ulong Position, IReadOnlyList<BoardLine> Lines, IReadOnlyList<PartState> Parts, Pace Pace, IReadOnlyList<Alarm> Alarms, string Transport, string EventLog,
    string Node, string? Problem)
{
    /// <summary>False: since the node's start no number could be read, so none may be shown.</summary>
    public bool Counted { get; init; } = true;

    public static readonly IReadOnlyList<Precedence> MostUrgentFirst = [Precedence.Flash, Precedence.Immediate, Precedence.Priority, Precedence.Routine];
}
