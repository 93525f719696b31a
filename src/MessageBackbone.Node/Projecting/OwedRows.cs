using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Something that is owed for the event at a position.</summary>
internal sealed record OwedStep(Guid EventId, LogPosition Position);

/// <summary>What is owed for steps that were taken: a notice to whom the step names, a call to who listens. Each read model of clocks has the two tables.</summary>
internal static class OwedRows
{
    /// <summary>Calls for steps older than this are owed no more: no listener has use for them, and rows that nobody is configured to call for go. Longer than any
    /// call is tried, so that what was tried has its end.</summary>
    public static readonly TimeSpan CallsKept = TimeSpan.FromDays(2);

    public const string Schema =
        """
        CREATE TABLE notice (event_id BLOB PRIMARY KEY, position INTEGER NOT NULL, precedence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX notice_next ON notice (precedence, position);
        CREATE TABLE call (
            event_id BLOB PRIMARY KEY,
            position INTEGER NOT NULL,
            precedence INTEGER NOT NULL,
            step INTEGER NOT NULL,
            bureau TEXT NOT NULL,
            at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX call_next ON call (precedence, position);
        CREATE INDEX call_at ON call (at);
        """;

    /// <summary>Notices that are not in the log yet, the most urgent first, then the oldest.</summary>
    public static ValueTask<IReadOnlyList<OwedStep>> NoticesAsync(ProjectionFollower follower, int limit, CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyList<OwedStep>>(
            session => session.Prepare("SELECT event_id, position FROM notice ORDER BY precedence DESC, position LIMIT ?1").Bind(1, limit).All(Owed),
            cancellationToken);

    /// <summary>Calls that were neither answered nor given up, the most urgent first, then the oldest.</summary>
    /// <param name="steps">By their numbers.</param>
    /// <param name="bureaus">Of these recipients; empty: of all.</param>
    /// <param name="now">Rows that were made again hold old steps too: nobody is called for those.</param>
    public static ValueTask<IReadOnlyList<OwedStep>> CallsAsync(
        ProjectionFollower follower, IEnumerable<int> steps, IEnumerable<string> bureaus, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyList<OwedStep>>(
            session => session.Prepare(
                    "SELECT event_id, position FROM call WHERE step IN (SELECT value FROM json_each(?1)) "
                    + "AND (?2 = '[]' OR bureau IN (SELECT value FROM json_each(?2))) AND at >= ?4 ORDER BY precedence DESC, position LIMIT ?3")
                .Bind(1, $"[{string.Join(',', steps)}]").Bind(2, $"[{string.Join(',', bureaus.Select(bureau => $"\"{bureau}\""))}]").Bind(3, limit)
                .Bind(4, RowText.Ticks(now - CallsKept)).All(Owed),
            cancellationToken);

    private static OwedStep Owed(Statement row) => new(new Guid(row.Bytes(0), bigEndian: true), new LogPosition((ulong)row.Number(1)));
}

/// <summary>Writes <see cref="OwedRows"/>, for their one writer.</summary>
internal sealed class OwedRowStore(ReadModelSession session)
{
    private readonly Statement _notice = session.Prepare("INSERT INTO notice VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
    private readonly Statement _told = session.Prepare("DELETE FROM notice WHERE event_id = ?1");
    private readonly Statement _call = session.Prepare("INSERT INTO call VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING");
    private readonly Statement _called = session.Prepare("DELETE FROM call WHERE event_id = ?1");
    private readonly Statement _forget = session.Prepare("DELETE FROM call WHERE at < ?1");

    public void Notice(RecordedEvent step, long precedence) =>
        _notice.Bind(1, Id(step)).Bind(2, (long)step.Position.Value).Bind(3, precedence).Run();

    /// <summary>A notice has the id of the event that it tells of: with its acceptance it is owed no more.</summary>
    public void Told(byte[] messageId) => _told.Bind(1, messageId).Run();

    public void Call(RecordedEvent recorded, long precedence, int step, string bureau, long at)
    {
        _forget.Bind(1, at - OwedRows.CallsKept.Ticks).Run();
        _call.Bind(1, Id(recorded)).Bind(2, (long)recorded.Position.Value).Bind(3, precedence).Bind(4, step).Bind(5, bureau).Bind(6, at).Run();
    }

    public void Called(string eventId) => _called.Bind(1, RowText.Required(eventId)).Run();

    private static byte[] Id(RecordedEvent recorded) => recorded.EventId.ToByteArray(bigEndian: true);
}
