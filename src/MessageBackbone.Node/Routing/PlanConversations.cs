using Microsoft.Data.Sqlite;

namespace MessageBackbone.Node.Routing;

/// <summary>What a quarantined delivery does to the later ones of its conversation: they wait, and then go on one at a time, in log order.</summary>
/// <remarks>Runs inside the writer's transaction. One at a time, because no other order is sure: their numbers were passed over, and a lane presents what was
/// passed over as it comes. So the next one goes when the one before has ended, and one that is quarantined again still holds up all that follow.</remarks>
internal static class PlanConversations
{
    /// <summary>SQL for 1 when something of the conversation waits or blocks at the recipient, else 0. Two seeks in indexes that are all but empty.</summary>
    public static string IsKept(string conversation, string recipient) =>
        $"exists (select 1 from row indexed by row_blocks where conversation = {conversation} and recipient = {recipient} and blocks = 1) "
        + $"or exists (select 1 from row indexed by row_waits where conversation = {conversation} and recipient = {recipient} and waits = 1 and blocks = 0)";

    public static byte[]? Of(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);

    /// <summary>What is at the broker or in hand meanwhile is not called back: it ends by its receipt, or comes back and waits here.</summary>
    public static void KeepApart(PlanSession session, PlanStep.KeptApart apart)
    {
        var (conversation, position) = session.First(
            "update row set published = 0, waits = 1, blocks = 1, quarantined_at = max(1, $3), quarantined_for = $4 "
            + "where message_id = $1 and recipient = $2 returning conversation, position",
            reader => (Of(reader, 0), reader.GetInt64(1)),
            Plan.Bytes(apart.MessageId), apart.Recipient, apart.At.ToUnixTimeMilliseconds(), apart.Reason);
        if (conversation is null) return;
        // What is quarantined itself stays that; what went on alone waits like the others.
        session.Execute("update row indexed by row_conversation set published = 0, waits = 1, blocks = blocks * waits where conversation = $1 and recipient = $2 and position > $3",
            conversation, apart.Recipient, position);
    }

    public static void Release(PlanSession session, PlanStep.Released released)
    {
        var conversation = session.First(
            "update row set waits = conversation is not null, blocks = 0, quarantined_at = 0, quarantined_for = null, not_before = 0 "
            + "where message_id = $1 and recipient = $2 returning conversation",
            reader => Of(reader, 0), Plan.Bytes(released.MessageId), released.Recipient);
        GoOn(session, conversation, released.Recipient);
    }

    /// <summary>Lets the first that waits go on, unless an earlier one still blocks.</summary>
    public static void GoOn(PlanSession session, byte[]? conversation, string recipient)
    {
        if (conversation is null) return;
        session.Execute(
            "update row indexed by row_conversation set waits = 0, blocks = 1, not_before = 0 where conversation = $1 and recipient = $2 and position = "
            + "(select position from row indexed by row_waits where conversation = $1 and recipient = $2 and waits = 1 and blocks = 0 order by position limit 1) "
            + "and not exists (select 1 from row as other indexed by row_blocks where other.conversation = $1 and other.recipient = $2 and other.blocks = 1 "
            + "and other.position < row.position)",
            conversation, recipient);
    }
}
