namespace MessageBackbone.EventLog;

/// <summary>A place in the total order of one store. The first event is after <see cref="Start"/>; later events have greater positions; gaps mean nothing.
/// Positions of different stores (<see cref="IEventLog.Name"/>) cannot be compared.</summary>
public readonly record struct LogPosition(ulong Value) : IComparable<LogPosition>
{
    /// <summary>Before the first event. No event has this position.</summary>
    public static LogPosition Start => default;

    /// <inheritdoc/>
    public int CompareTo(LogPosition other) => Value.CompareTo(other.Value);

    /// <summary>Earlier in the log.</summary>
    public static bool operator <(LogPosition left, LogPosition right) => left.Value < right.Value;

    /// <summary>Later in the log.</summary>
    public static bool operator >(LogPosition left, LogPosition right) => left.Value > right.Value;

    /// <summary>Earlier in the log or the same.</summary>
    public static bool operator <=(LogPosition left, LogPosition right) => left.Value <= right.Value;

    /// <summary>Later in the log or the same.</summary>
    public static bool operator >=(LogPosition left, LogPosition right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => $"{Value}";
}

/// <summary>The place of an event in its stream: 0 for the first, and dense.</summary>
public readonly record struct StreamRevision(ulong Value) : IComparable<StreamRevision>
{
    /// <summary>The first event's revision.</summary>
    public static StreamRevision First => default;

    /// <inheritdoc/>
    public int CompareTo(StreamRevision other) => Value.CompareTo(other.Value);

    /// <summary>Earlier in the stream.</summary>
    public static bool operator <(StreamRevision left, StreamRevision right) => left.Value < right.Value;

    /// <summary>Later in the stream.</summary>
    public static bool operator >(StreamRevision left, StreamRevision right) => left.Value > right.Value;

    /// <summary>Earlier in the stream or the same.</summary>
    public static bool operator <=(StreamRevision left, StreamRevision right) => left.Value <= right.Value;

    /// <summary>Later in the stream or the same.</summary>
    public static bool operator >=(StreamRevision left, StreamRevision right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => $"{Value}";
}

/// <summary>Where an append believes its stream to end. The default value is <see cref="NoStream"/>, the strictest.</summary>
public readonly record struct ExpectedRevision
{
    private readonly bool _any;

    private ExpectedRevision(bool any, StreamRevision? last) => (_any, Last) = (any, last);

    /// <summary>The stream has no event yet.</summary>
    public static ExpectedRevision NoStream => default;

    /// <summary>Wherever the stream ends. For facts that depend on nothing before them.</summary>
    public static ExpectedRevision Any { get; } = new(any: true, last: null);

    /// <summary>The stream's last event has this revision.</summary>
    public static ExpectedRevision At(StreamRevision last) => new(any: false, last);

    /// <summary>Whether every end will do.</summary>
    public bool IsAny => _any;

    /// <summary>The revision of the last event that the caller knows; null for <see cref="NoStream"/> and <see cref="Any"/>.</summary>
    public StreamRevision? Last { get; }

    /// <summary>Whether a stream that ends at <paramref name="last"/> (null: does not exist) is as expected.</summary>
    public bool Allows(StreamRevision? last) => _any || Last == last;

    /// <summary>Whether an append under this expectation would have put its first event at <paramref name="first"/>.</summary>
    public bool Names(StreamRevision first) => _any || first.Value == (Last is { } last ? last.Value + 1 : 0);

    /// <inheritdoc/>
    public override string ToString() => _any ? "any" : Last is { } last ? $"at {last}" : "no stream";
}
