using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Gateway.Inbox;

/// <summary>An order to recall that verified.</summary>
/// <param name="RetainOpened">What an officer opened is kept on this legal basis; empty: it is deleted.</param>
/// <param name="Answer">Makes the statement that answers it. May be called twice, and then the second answer counts.</param>
internal sealed record ReceivedOrder(
    string OrderId, string MessageId, byte[] HeaderSha256, string Sender, DateTimeOffset At, string RetainOpened,
    Func<RecallState, string, SignedMessage> Answer);

/// <summary>What became of a message here when its sender recalled it.</summary>
internal sealed record CarriedOut(string OrderId, string MessageId, RecallState State, string LegalBasis, DateTimeOffset At, string StatementId);

/// <summary>An order to recall of this bureau.</summary>
internal sealed record SentOrder(string OrderId, string MessageId, string Reason, IReadOnlyList<string> Recipients, DateTimeOffset At);

/// <summary>Orders to recall, received and sent.</summary>
internal sealed class RecallStore(GatewayDatabase database)
{
    /// <summary>A column of the inbox: what the newest order of its sender led to; null: it was not recalled.</summary>
    public const string StateOfInbox =
        "(SELECT c.state FROM recalls c WHERE c.message_id = inbox.message_id AND c.header_sha256 = inbox.header_sha256 ORDER BY c.row DESC LIMIT 1)";

    public CarriedOut? Find(string orderId) => database.Read(session => session.First(
        "SELECT order_id, message_id, state, legal_basis, at, statement_id FROM recalls WHERE order_id = $id", Row, ("$id", orderId)));

    /// <summary>What the newest order for a message led to; null: it was not recalled.</summary>
    public CarriedOut? Newest(string messageId) => database.Read(session => session.First(
        "SELECT order_id, message_id, state, legal_basis, at, statement_id FROM recalls WHERE message_id = $id ORDER BY row DESC LIMIT 1", Row,
        ("$id", messageId)));

    /// <summary>This bureau's orders for a message that it sent, the newest first.</summary>
    public List<SentOrder> Sent(string messageId) => database.Read(session => session.Query(
        "SELECT order_id, message_id, reason, recipients, at FROM recalls_sent WHERE message_id = $id ORDER BY order_id DESC",
        row => new SentOrder(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3).Split(' ', StringSplitOptions.RemoveEmptyEntries), row.Time(4)!.Value),
        ("$id", messageId)));

    /// <summary>Notes an order in the transaction that puts it into the outbox.</summary>
    public static void Note(SqliteSession session, SentOrder order) => session.Execute(
        "INSERT INTO recalls_sent (order_id, message_id, reason, recipients, at) VALUES ($id, $message, $reason, $recipients, $at)",
        ("$id", order.OrderId), ("$message", order.MessageId), ("$reason", order.Reason), ("$recipients", string.Join(' ', order.Recipients)),
        ("$at", order.At.ToUnixTimeMilliseconds()));

    /// <summary>An order for this very header, by this very sender, came before it.</summary>
    public static bool WasRecalled(SqliteSession session, Arrival arrival) => session.First(
        "SELECT 1 FROM recalls WHERE message_id = $id AND header_sha256 = $sha AND sender = $sender", row => row.GetInt32(0),
        ("$id", arrival.MessageId), ("$sha", arrival.HeaderSha256), ("$sender", arrival.Sender)) == 1;

    /// <summary>Does what the order says and puts its statement into the outbox. The row of the message stays, without its body.</summary>
    public static WaitingMessage Carry(SqliteSession session, ReceivedOrder order)
    {
        var (state, basis) = Decide(session, order);
        if (state == RecallState.Deleted)
        {
            session.Execute(
                "UPDATE inbox SET body = x'' WHERE message_id = $id AND header_sha256 = $sha AND outcome = 1",
                ("$id", order.MessageId), ("$sha", order.HeaderSha256));
            // Their keys went with the body; the files follow.
            AttachmentRows.Withdraw(session, order.MessageId);
        }
        var statement = order.Answer(state, basis);
        session.Execute(
            """
            INSERT INTO recalls (order_id, message_id, sender, state, legal_basis, at, statement_id, header_sha256)
            VALUES ($order, $id, $sender, $state, $basis, $at, $statement, $sha)
            """,
            ("$order", order.OrderId), ("$id", order.MessageId), ("$sender", order.Sender), ("$state", (int)state), ("$basis", basis),
            ("$at", order.At.ToUnixTimeMilliseconds()), ("$statement", statement.MessageId), ("$sha", order.HeaderSha256));
        return OutboxStore.Insert(session, statement, new Origin("recall", null, order.At), replaces: "", signedAgain: 0);
    }

    // Only what this sender sent under this header: whoever names another's message holds no right to it.
    private static (RecallState State, string Basis) Decide(SqliteSession session, ReceivedOrder order)
    {
        var held = session.First(
            "SELECT opened_at IS NOT NULL, length(body) > 0 FROM inbox WHERE message_id = $id AND header_sha256 = $sha AND sender = $sender AND outcome = 1",
            row => (There: true, Opened: row.GetBoolean(0), Whole: row.GetBoolean(1)),
            ("$id", order.MessageId), ("$sha", order.HeaderSha256), ("$sender", order.Sender));
        if (!held.There) return (RecallState.NotHeld, "");
        return held is { Opened: true, Whole: true } && order.RetainOpened.Length > 0
            ? (RecallState.Retained, order.RetainOpened)
            : (RecallState.Deleted, "");
    }

    private static CarriedOut Row(SqliteDataReader row) => new(
        row.GetString(0), row.GetString(1), (RecallState)row.GetInt32(2), row.GetString(3), row.Time(4)!.Value, row.GetString(5));
}
