using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Routing;

/// <summary>A lane with rows to publish.</summary>
internal readonly record struct WaitingLane(LaneKey Lane, long Waiting, long Published);

/// <summary>Questions to the plan; each reads one page.</summary>
internal sealed class PlanQueries(PlanReaders readers)
{
    /// <summary>Lanes with unpublished rows and room ahead, the most urgent first. What is for a bureau that was closed is not sent: it is to be ended.</summary>
    public IReadOnlyList<WaitingLane> WaitingLanes(int publishAhead) => readers.Read(session => session.All(
        "select recipient, precedence, waiting, published from lane where waiting > 0 and published < $1 "
        + "and recipient not in (select code from bureau where closed_by is not null) order by precedence desc, recipient",
        reader => new WaitingLane(new LaneKey(reader.GetString(0), (Precedence)reader.GetInt64(1)), reader.GetInt64(2), reader.GetInt64(3)),
        (long)publishAhead));

    /// <summary>Lanes of which the broker is believed to hold something.</summary>
    public IReadOnlyList<WaitingLane> PublishedLanes() => readers.Read(session => session.All(
        "select recipient, precedence, waiting, published from lane where published > 0",
        reader => new WaitingLane(new LaneKey(reader.GetString(0), (Precedence)reader.GetInt64(1)), reader.GetInt64(2), reader.GetInt64(3))));

    /// <summary>The counters of every lane that ever had a row.</summary>
    public IReadOnlyList<WaitingLane> Lanes() => readers.Read(session => session.All(
        "select recipient, precedence, waiting + kept, published from lane order by recipient, precedence desc",
        reader => new WaitingLane(new LaneKey(reader.GetString(0), (Precedence)reader.GetInt64(1)), reader.GetInt64(2), reader.GetInt64(3))));

    /// <summary>Unpublished rows of a lane whose time has come, in order.</summary>
    public IReadOnlyList<PlanRow> Unpublished(LaneKey lane, int limit, DateTimeOffset now) => readers.Read(session => session.All(
        $"select {PlanSteps.RowColumns} from row where recipient = $1 and precedence = $2 and published = 0 and waits = 0 and not_before <= $3 "
        + "order by sequence limit $4",
        reader => PlanSteps.ReadRow(reader, lane), lane.Bureau, (long)lane.Precedence, now.ToUnixTimeMilliseconds(), (long)limit));

    /// <summary>When the next row that waits for its time may be published; null: none waits.</summary>
    public DateTimeOffset? NextDue() => readers.Read(session => session.First<long?>(
        "select min(not_before) from row where not_before > 0 and waits = 0", reader => reader.IsDBNull(0) ? null : reader.GetInt64(0)) is { } due
            ? DateTimeOffset.FromUnixTimeMilliseconds(due) : (DateTimeOffset?)null);

    /// <summary>The lowest open row of a lane from <paramref name="sequence"/> on whose time has come; null: there is none.</summary>
    public PlanRow? NextOpen(LaneKey lane, ulong sequence, DateTimeOffset now) => readers.Read(session => session.First(
        $"select {PlanSteps.RowColumns} from row where recipient = $1 and precedence = $2 and sequence >= $3 and not_before <= $4 "
        + "and waits = 0 order by sequence limit 1",
        reader => PlanSteps.ReadRow(reader, lane), lane.Bureau, (long)lane.Precedence, (long)sequence, now.ToUnixTimeMilliseconds()));

    /// <summary>How many rows <see cref="NextOpen"/> would give from <paramref name="sequence"/> on, of those accepted up to <paramref name="end"/>.</summary>
    public ulong CountOpen(LaneKey lane, ulong sequence, DateTimeOffset now, LogPosition end) => readers.Read(session => session.First(
        "select count(*) from row where recipient = $1 and precedence = $2 and sequence >= $3 and not_before <= $4 and waits = 0 and position <= $5",
        reader => (ulong)reader.GetInt64(0), lane.Bureau, (long)lane.Precedence, (long)sequence, now.ToUnixTimeMilliseconds(), (long)end.Value));

    /// <summary>The number that the next message of a lane will get.</summary>
    public ulong NextSequence(LaneKey lane) => readers.Read(session => session.First<ulong?>(
        "select next_sequence from lane where recipient = $1 and precedence = $2",
        reader => (ulong)reader.GetInt64(0), lane.Bureau, (long)lane.Precedence) ?? 1);

    /// <summary>The open delivery of a message to a bureau; null: it is final, or there never was one.</summary>
    public PlanRow? Find(Guid messageId, string recipient) => readers.Read(session => session.First(
        $"select {PlanSteps.RowColumns}, precedence from row where message_id = $1 and recipient = $2",
        reader => PlanSteps.ReadRow(reader, new LaneKey(recipient, (Precedence)reader.GetInt64(7))), Plan.Bytes(messageId), recipient));

    /// <summary>Open deliveries whose time has passed, those kept apart among them: the most urgent first, then the longest past.</summary>
    public IReadOnlyList<PlanRow> Overdue(DateTimeOffset now, int limit) =>
        [.. LaneKey.MostUrgentFirst.SelectMany(precedence => Overdue(precedence, now, limit)).Take(limit)];

    /// <summary>When the next open delivery expires; null: none ever does.</summary>
    public DateTimeOffset? NextDeadline() =>
        LaneKey.MostUrgentFirst.Select(NextDeadline).Min() is { } by ? DateTimeOffset.FromUnixTimeMilliseconds(by) : null;

    /// <summary>Reports that senders are owed, the most urgent first, then the oldest.</summary>
    public IReadOnlyList<OwedReport> OwedReports(int limit) => readers.Read(session => session.All(
        "select event_id, position from report order by precedence desc, position limit $1",
        reader => new OwedReport(Plan.Id(reader, 0), new LogPosition((ulong)reader.GetInt64(1))), (long)limit));

    /// <summary>Where the orders to recall are that the streams of the recalled messages do not have yet, the most urgent first, then the oldest.</summary>
    public IReadOnlyList<LogPosition> OwedRecalls(int limit) => readers.Read(session => session.All(
        "select position from recall order by precedence desc, position limit $1", reader => new LogPosition((ulong)reader.GetInt64(0)), (long)limit));

    /// <summary>Open deliveries that are held back because they were recalled, the most urgent first, then the oldest order's.</summary>
    public IReadOnlyList<RecalledRow> RecalledRows(int limit) => readers.Read(session => session.All(
        $"select {PlanSteps.RowColumns}, recipient, precedence, recalled_by from row where recalled_by > 0 order by precedence desc, recalled_by limit $1",
        reader => new RecalledRow(
            PlanSteps.ReadRow(reader, new LaneKey(reader.GetString(7), (Precedence)reader.GetInt64(8))), new LogPosition((ulong)reader.GetInt64(9))),
        (long)limit));

    /// <summary>Open deliveries to bureaus that were closed, those kept apart among them: of one lane at a time, the most urgent first.</summary>
    public IReadOnlyList<ClosedRow> ClosedRows(int limit) => readers.Read(session =>
        session.First<(LaneKey Lane, Guid By)?>(
            "select recipient, precedence, closed_by from bureau cross join lane on recipient = code where closed_by is not null "
            + "and waiting + published + kept > 0 order by precedence desc, recipient limit 1",
            reader => (new LaneKey(reader.GetString(0), (Precedence)reader.GetInt64(1)), Plan.Id(reader, 2))) is { } closed
            ? session.All($"select {PlanSteps.RowColumns} from row where recipient = $1 and precedence = $2 order by sequence limit $3",
                reader => new ClosedRow(PlanSteps.ReadRow(reader, closed.Lane), closed.By), closed.Lane.Bureau, (long)closed.Lane.Precedence, (long)limit)
            : []);

    /// <summary>Every bureau that was ever registered.</summary>
    public IReadOnlyList<string> Bureaus() => readers.Read(session => session.All("select code from bureau order by code", reader => reader.GetString(0)));

    public Guid? Incarnation() => readers.Read(session => session.First<Guid?>("select guid from incarnation", reader => Plan.Id(reader, 0)));

    /// <summary>All open rows, for tests and counters.</summary>
    public long OpenRows() => readers.Read(session => session.First("select coalesce(sum(waiting + published + kept), 0) from lane", reader => reader.GetInt64(0)));

    private List<PlanRow> Overdue(Precedence precedence, DateTimeOffset now, int limit) => readers.Read(session => session.All(
        $"select {PlanSteps.RowColumns}, recipient from row where precedence = $1 and deliver_by > 0 and deliver_by <= $2 order by deliver_by limit $3",
        reader => PlanSteps.ReadRow(reader, new LaneKey(reader.GetString(7), precedence)), (long)precedence, now.ToUnixTimeMilliseconds(), (long)limit));

    private long? NextDeadline(Precedence precedence) => readers.Read(session => session.First<long?>(
        "select min(deliver_by) from row where precedence = $1 and deliver_by > 0", reader => reader.IsDBNull(0) ? null : reader.GetInt64(0), (long)precedence));
}
