using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;

namespace MessageBackbone.Node.Projecting;

/// <summary>A place in the log, and the leaf that the event there is; null: an event of stream <c>ledger</c>, which is none.</summary>
internal sealed record IndexedEvent(LogPosition Position, ulong? Leaf);

/// <summary>What events are looked for; what is null does not matter.</summary>
/// <param name="Types">Stored names, at most a hundred.</param>
internal sealed record EventQuery(
    IReadOnlyList<string> Types, DateTimeOffset? RecordedFrom = null, DateTimeOffset? RecordedBefore = null, string? MessageId = null);

/// <summary>A stretch of the index.</summary>
/// <param name="End">How far the index was looked through: nothing up to here was missed.</param>
internal sealed record EventPage(IReadOnlyList<IndexedEvent> Found, LogPosition End);

/// <summary>Questions to the read model <c>events</c>.</summary>
internal sealed class Events(ProjectionFollower follower)
{
    /// <summary>The most events in one page.</summary>
    public const int PageSize = 512;

    /// <summary>The next events after <paramref name="after"/> that fit, in log order.</summary>
    public ValueTask<EventPage> PageAsync(EventQuery query, LogPosition after, CancellationToken cancellationToken) =>
        follower.File.ReadAsync(session => Page(session, query, after), cancellationToken);

    /// <summary>Returns once the index has every event up to <paramref name="position"/>.</summary>
    public Task WaitForAsync(LogPosition position, CancellationToken cancellationToken) => follower.WaitForAsync(position, cancellationToken);

    private static EventPage Page(ReadModelSession session, EventQuery query, LogPosition after)
    {
        // The checkpoint is read first: rows that are committed between the two reads are found again by the next page, never passed over.
        var end = Checkpoint.Read(session).Position;
        var statement = session.Prepare(Sql(query)).Bind(1, Math.Min(after.Value, long.MaxValue) is var from ? (long)from : 0).Bind(2, (long)end.Value);
        if (query.RecordedFrom is { } since) statement.Bind(3, RowText.Ticks(since));
        if (query.RecordedBefore is { } before) statement.Bind(4, RowText.Ticks(before));
        if (query.MessageId is not null) statement.Bind(5, RowText.Id(query.MessageId) ?? []);
        for (var i = 0; i < query.Types.Count; i++) statement.Bind(6 + i, query.Types[i]);
        var found = statement.All(row => new IndexedEvent(new((ulong)row.Number(0)), (ulong?)row.NumberOrNull(1)));
        return new(found, found.Count < PageSize ? end : found[^1].Position);
    }

    private static string Sql(EventQuery query)
    {
        var sql = "SELECT position, leaf FROM event WHERE position > ?1 AND position <= ?2";
        if (query.RecordedFrom is not null) sql += " AND recorded_at >= ?3";
        if (query.RecordedBefore is not null) sql += " AND recorded_at < ?4";
        if (query.MessageId is not null) sql += " AND message = ?5";
        if (query.Types.Count > 0)
            sql += $" AND type IN (SELECT id FROM type WHERE name IN ({string.Join(", ", Enumerable.Range(6, query.Types.Count).Select(n => $"?{n}"))}))";
        return $"{sql} ORDER BY position LIMIT {PageSize}";
    }
}
