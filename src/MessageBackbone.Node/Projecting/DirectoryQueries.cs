using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>An entry of the directory came into being or changed.</summary>
/// <param name="RecordedAt">Null: not known (yet).</param>
/// <param name="Name">Like <c>bureau/FR</c>, <c>topic/art</c>, <c>policy</c>.</param>
/// <param name="Before">Null: it came into being.</param>
internal sealed record DirectoryChange(LogPosition Position, DateTimeOffset? RecordedAt, string Name, DirectoryUpdate After, DirectoryUpdate? Before);

/// <summary>Questions to the read model <c>directory</c> about what was when.</summary>
/// <param name="events">Knows when events were recorded; null: nobody does.</param>
internal sealed class DirectoryQueries(ProjectionFollower follower, ProjectionFollower? events = null)
{
    /// <summary>Changes before <paramref name="before"/> (null: from the last on), the newest first. All changes of one event are on one page, so a page may be
    /// longer than <paramref name="limit"/>, and the position of its last one leads to the next.</summary>
    /// <param name="name">Of one entry; null: of all.</param>
    public async ValueTask<IReadOnlyList<DirectoryChange>> ChangesAsync(string? name, LogPosition? before, int limit, CancellationToken cancellationToken)
    {
        var changes = await follower.File.ReadAsync(session => Changes(session, name, before, limit), cancellationToken);
        if (events is null || changes.Count == 0) return changes;
        return await events.File.ReadAsync<IReadOnlyList<DirectoryChange>>(
            session => [.. changes.Select(change => change with { RecordedAt = RecordedAt(session, change.Position) })], cancellationToken);
    }

    private static List<DirectoryChange> Changes(ReadModelSession session, string? name, LogPosition? before, int limit)
    {
        // Of every version only the key is read to find the page: entries are long, and there are as many versions as acts.
        return session.Prepare(
                """
                SELECT e.since, e.name, e.value, (SELECT p.value FROM entry p WHERE p.name = e.name AND p.since < e.since ORDER BY p.since DESC LIMIT 1)
                FROM entry e WHERE (?1 IS NULL OR e.name = ?1) AND e.since < ?2 AND e.since >= coalesce(
                    (SELECT min(since) FROM (SELECT since FROM entry WHERE (?1 IS NULL OR name = ?1) AND since < ?2 ORDER BY since DESC LIMIT ?3)), 0)
                ORDER BY e.since DESC, e.name
                """)
            .Bind(1, name).Bind(2, (long)Math.Min(before?.Value ?? long.MaxValue, long.MaxValue)).Bind(3, limit)
            .All(row => new DirectoryChange(
                new((ulong)row.Number(0)), null, row.Text(1), DirectoryUpdate.Parser.ParseFrom(row.Bytes(2)),
                row.IsNull(3) ? null : DirectoryUpdate.Parser.ParseFrom(row.Bytes(3))));
    }

    private static DateTimeOffset? RecordedAt(ReadModelSession session, LogPosition position) =>
        session.Prepare("SELECT recorded_at FROM event WHERE position = ?1").Bind(1, (long)position.Value).All(row => row.Number(0)) is [var ticks]
            ? RowText.Time(ticks)
            : null;
}
