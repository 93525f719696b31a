using MessageBackbone.EventLog;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Node.Routing;

/// <summary>What each step of the log changes in the tables; runs inside the writer's transaction.</summary>
internal static class PlanSteps
{
    /// <summary>Numbers told with one delivery at most; the rest is told with the next.</summary>
    private const int MaxSkippedTold = 1_000;

    internal const string RowColumns = "sequence, message_id, position, traceparent, attempts, doubtful, deliver_by";

    public static void Apply(PlanSession session, PlanStep step)
    {
        switch (step)
        {
            case PlanStep.Arrived arrived:
                foreach (var recipient in arrived.Recipients) Add(session, arrived, recipient);
                // A report has the id of the event that it reports: with its arrival it is owed no more.
                session.Execute("delete from report where event_id = $1", Plan.Bytes(arrived.MessageId));
                if (arrived.Recalls is { } recalled) HoldBack(session, arrived, recalled);
                break;
            case PlanStep.RecallOrdered ordered:
                session.Execute("delete from recall where order_id = $1", Plan.Bytes(ordered.OrderId));
                break;
            case PlanStep.Attempted attempted:
                session.Execute("update row set attempts = max(attempts, $3) where message_id = $1 and recipient = $2",
                    Plan.Bytes(attempted.MessageId), attempted.Recipient, (long)attempted.Attempt);
                break;
            case PlanStep.KeptApart apart:
                PlanConversations.KeepApart(session, apart);
                break;
            case PlanStep.Released released:
                PlanConversations.Release(session, released);
                break;
            case PlanStep.Ended ended:
                End(session, ended);
                break;
            case PlanStep.Redirected redirected:
                // Of what the recipient has, the alternate gets a copy: what an operator had presented again goes on.
                if (!IsAgain(session, redirected.To.MessageId, redirected.Recipient)) End(session, new PlanStep.Ended(redirected.To.MessageId, redirected.Recipient));
                foreach (var alternate in redirected.To.Recipients) Add(session, redirected.To, alternate);
                break;
            case PlanStep.Reopened reopened:
                Reopen(session, reopened);
                break;
            case PlanStep.Registered registered:
                session.Execute("insert into bureau (code) values ($1) on conflict do nothing", registered.Bureau);
                break;
            case PlanStep.Closed closed:
                session.Execute("insert into bureau values ($1, $2) on conflict do update set closed_by = $2", closed.Bureau, Plan.Bytes(closed.EventId));
                break;
        }
    }

    public static Presentation? Present(PlanSession session, LaneKey lane, ulong sequence, DateTimeOffset now)
    {
        var row = session.First(
            "update row set attempts = attempts + 1 where recipient = $1 and precedence = $2 and sequence = $3 and waits = 0 and recalled_by = 0 "
            + $"and (deliver_by = 0 or deliver_by > $4) returning {RowColumns}",
            reader => ReadRow(reader, lane), lane.Bureau, (long)lane.Precedence, (long)sequence, now.ToUnixTimeMilliseconds());
        return row is null ? null : new Presentation(row, Skipped(session, lane, sequence));
    }

    public static PlanRow ReadRow(SqliteDataReader reader, LaneKey lane) => new(
        lane, (ulong)reader.GetInt64(0), Plan.Id(reader, 1), new LogPosition((ulong)reader.GetInt64(2)),
        reader.IsDBNull(3) ? null : reader.GetString(3), (uint)reader.GetInt64(4), reader.GetInt64(5) != 0,
        reader.GetInt64(6) is > 0 and var by ? DateTimeOffset.FromUnixTimeMilliseconds(by) : null);

    private static void Add(PlanSession session, PlanStep.Arrived arrived, string recipient)
    {
        var precedence = (long)arrived.Precedence;
        var sequence = NextNumber(session, recipient, precedence);
        session.Execute(
            "insert into row (recipient, precedence, sequence, message_id, position, traceparent, deliver_by, conversation, waits) "
            + $"values ($1, $2, $3, $4, $5, $6, $7, $8, {PlanConversations.IsKept("$8", "$1")})",
            recipient, precedence, sequence, Plan.Bytes(arrived.MessageId), (long)arrived.Position.Value, arrived.TraceParent,
            arrived.DeliverBy is { } by ? Deadline(by) : 0, arrived.Conversation is { } conversation ? Plan.Bytes(conversation) : null);
    }

    // A number that another row has could only come of a log that was changed; refused here, it would stop the plan for good.
    private static void Reopen(PlanSession session, PlanStep.Reopened reopened)
    {
        var (arrival, recipient) = (reopened.Arrival, reopened.Arrival.Recipients[0]);
        var (precedence, sequence) = ((long)arrival.Precedence, (long)reopened.Sequence);
        var taken = sequence == 0 || session.First(
            "select 1 from row where recipient = $1 and precedence = $2 and sequence = $3", _ => true, recipient, precedence, sequence);
        if (taken) sequence = NextNumber(session, recipient, precedence);
        session.Execute(
            "insert into row (recipient, precedence, sequence, message_id, position, traceparent, deliver_by, attempts, doubtful, again) "
            + "values ($1, $2, $3, $4, $5, $6, $7, $8, 1, 1) on conflict (message_id, recipient) do nothing",
            recipient, precedence, sequence, Plan.Bytes(arrival.MessageId), (long)arrival.Position.Value, arrival.TraceParent,
            arrival.DeliverBy is { } by ? Deadline(by) : 0, (long)reopened.Attempts);
    }

    private static bool IsAgain(PlanSession session, Guid messageId, string recipient) => session.First(
        "select again from row where message_id = $1 and recipient = $2", reader => reader.GetInt64(0) != 0, Plan.Bytes(messageId), recipient);

    private static long NextNumber(PlanSession session, string recipient, long precedence) => session.First(
        "insert into lane (recipient, precedence, next_sequence) values ($1, $2, 2) "
        + "on conflict do update set next_sequence = next_sequence + 1 returning next_sequence - 1",
        reader => reader.GetInt64(0), recipient, precedence);

    // As what is kept apart: neither published nor presented from here on. The first order that names a recipient ends its delivery.
    private static void HoldBack(PlanSession session, PlanStep.Arrived order, Guid recalled)
    {
        session.Execute(
            "insert into recall values ($1, $2, $3) on conflict do nothing", Plan.Bytes(order.MessageId), (long)order.Precedence, (long)order.Position.Value);
        foreach (var recipient in order.Recipients)
            session.Execute(
                "update row set recalled_by = $3, published = 0, waits = 1 where message_id = $1 and recipient = $2 and recalled_by = 0",
                Plan.Bytes(recalled), recipient, (long)order.Position.Value);
    }

    // Never before its time: a part of a millisecond counts as a whole one.
    private static long Deadline(DateTimeOffset by) => by.AddTicks(TimeSpan.TicksPerMillisecond - 1).ToUnixTimeMilliseconds();

    private static void End(PlanSession session, PlanStep.Ended ended)
    {
        var (precedence, sequence, attempts, conversation) = session.First(
            "delete from row where message_id = $1 and recipient = $2 returning precedence, sequence, attempts, conversation",
            reader => (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), PlanConversations.Of(reader, 3)),
            Plan.Bytes(ended.MessageId), ended.Recipient);
        if (ended.Report is { } report)
            session.Execute(
                "insert into report values ($1, $2, $3) on conflict do nothing", Plan.Bytes(report.EventId), precedence, (long)report.Position.Value);
        if (sequence == 0) return;
        PlanConversations.GoOn(session, conversation, ended.Recipient);
        session.Execute("delete from gap where recipient = $1 and precedence = $2 and told_by = $3", ended.Recipient, precedence, sequence);
        if (attempts == 0)
            session.Execute("insert into gap (recipient, precedence, sequence) values ($1, $2, $3)", ended.Recipient, precedence, sequence);
    }

    // Told by one delivery, and by each repeat of that delivery, until it is final: a lost connection loses no number.
    private static List<ulong> Skipped(PlanSession session, LaneKey lane, ulong sequence)
    {
        session.Execute(
            "update gap set told_by = $3 where recipient = $1 and precedence = $2 and sequence in (select sequence from gap "
            + "where recipient = $1 and precedence = $2 and sequence < $3 and told_by is null order by sequence limit $4)",
            lane.Bureau, (long)lane.Precedence, (long)sequence, (long)MaxSkippedTold);
        return session.All("select sequence from gap where recipient = $1 and precedence = $2 and told_by = $3 order by sequence",
            reader => (ulong)reader.GetInt64(0), lane.Bureau, (long)lane.Precedence, (long)sequence);
    }
}
