using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Gateway.Inbox;

/// <summary>A delivery after its checks: what is kept of it, and the receipt that answers it.</summary>
internal sealed record Arrival(
    string MessageId, int Outcome, string Reason, string Sender, int Precedence, string Kind, string Topic, string Reference, string ConversationId,
    bool Exercise, long Position, long Sequence, DateTimeOffset ReceivedAt, byte[] HeaderSha256, byte[] Acceptance, byte[] Header, byte[] Body)
{
    /// <summary>To be fetched when the message is in the inbox.</summary>
    public IReadOnlyList<ContentRef> Attachments { get; init; } = [];
}

/// <summary>A row of the inbox without its bytes.</summary>
internal sealed record InboxEntry(
    long Row, string MessageId, string Sender, int Precedence, string Kind, string Topic, string Reference, string ConversationId, bool Exercise,
    long Position, long Sequence, DateTimeOffset ReceivedAt, DateTimeOffset? OpenedAt, string Officer, RecallState Recall, int Attachments)
{
    /// <summary>Its sender recalled it, and its content is gone.</summary>
    public bool IsDeleted => Recall == RecallState.Deleted;
}

internal sealed record InboxMessage(InboxEntry Entry, byte[] HeaderSha256, byte[] Acceptance, byte[] Header, byte[] Body);

internal sealed record InboxQuery(string? Sender = null, string? Kind = null, int? Precedence = null, bool? Opened = null, int Skip = 0, int Limit = 50,
    bool NewestFirst = false);

/// <summary>What came of storing an arrival: the receipt to send, and whether it was there before.</summary>
/// <param name="Statement">The answer to an order to recall, which was stored in the outbox with it; null: it was none.</param>
internal sealed record Kept(byte[] Receipt, int Outcome, bool Repeated, string Reason = "", WaitingMessage? Statement = null);

/// <summary>What is stored in the place of an arrival: when another header with its id is shown already, and when its sender recalled it before it
/// came. May run twice.</summary>
internal sealed record Instead(Func<(Arrival Arrival, byte[] Receipt)> Conflict, Func<(Arrival Arrival, byte[] Receipt)> Recalled);

/// <summary>What came before in the lane was not kept.</summary>
internal sealed class InboxOrderException() : Exception("What came before it was not kept.");

/// <summary>What this bureau received, sealed as it came. A message is shown once, whatever is delivered how often.</summary>
internal class InboxStore(GatewayDatabase database)
{
    // As many as a message has recipients at most, and each may be asked for it more than once.
    private const int MostReports = 2_000;

    private const int MostAlike = 16;

    private const string EntryColumns =
        "row, message_id, sender, precedence, kind, topic, reference, conversation_id, exercise, position, sequence, received_at, opened_at, officer, "
        + RecallStore.StateOfInbox + ", (SELECT count(*) FROM inbox_attachments WHERE inbox_attachments.message_id = inbox.message_id)";

    /// <summary>The receipt that answers a header that came before; null when it is new.</summary>
    public virtual Kept? FindReceipt(string messageId, byte[] headerSha256) => database.Read(session => ReceiptOf(session, messageId, headerSha256));

    /// <summary>
    /// Stores the arrival and its receipt together, or, when this header came before, leaves all as it was and hands back the first receipt; what was kept
    /// apart before gives way to what is known of it now.
    /// When another header with this id was delivered before, or its sender recalled it, what <paramref name="instead"/> gives is stored in its place.
    /// </summary>
    /// <param name="order">The order to recall that the arrival holds: what it leads to is stored in the same transaction. Null: it holds none.</param>
    /// <param name="isTurn">Asked in the transaction. False: what came before it in its lane was not kept, and neither is this, so that the lane's order is the
    /// inbox's.</param>
    /// <returns>Ends when it is handed to the store; the task that it gives, when it is kept.</returns>
    public virtual Task<Task<Kept>> HandInAsync(
        Arrival arrival, byte[] receipt, Instead instead, ReceivedOrder? order, Func<bool> isTurn, CancellationToken cancellationToken) =>
        database.HandInAsync(session =>
        {
            if (!isTurn()) throw new InboxOrderException();
            if (ReceiptOf(session, arrival.MessageId, arrival.HeaderSha256) is { } before)
            {
                if (before.Outcome != 4) return before;
                Forget(session, arrival.MessageId, arrival.HeaderSha256);
            }
            var (kept, signed) = arrival.Outcome != 1 ? (arrival, receipt)
                : IsShown(session, arrival.MessageId) ? instead.Conflict()
                : RecallStore.WasRecalled(session, arrival) ? instead.Recalled()
                : (arrival, receipt);
            Insert(session, kept);
            if (kept.Outcome == 1) AttachmentRows.InsertIncoming(session, kept.MessageId, kept.Precedence, kept.Attachments);
            ReceiptStore.Insert(session, kept.MessageId, kept.HeaderSha256, ReceiptKind.Answer, kept.Outcome, kept.Precedence, signed);
            var statement = order is not null && kept.Outcome == 1 ? RecallStore.Carry(session, order) : null;
            return new Kept(signed, kept.Outcome, Repeated: false, kept.Reason, statement);
        }, cancellationToken);

    /// <summary>The same for one whose turn it is; ends when it is kept.</summary>
    public async Task<Kept> KeepAsync(Arrival arrival, byte[] receipt, Instead instead, ReceivedOrder? order, CancellationToken cancellationToken) =>
        await await HandInAsync(arrival, receipt, instead, order, static () => true, cancellationToken);

    /// <summary>Marks the first opening and stores its receipt. False when it was opened before, or recalled meanwhile: then nothing is stored.</summary>
    public Task<bool> OpenAsync(InboxMessage message, string officer, byte[] receipt, DateTimeOffset at, CancellationToken cancellationToken) =>
        database.WriteAsync(session =>
        {
            var first = session.Execute("UPDATE inbox SET opened_at = $at, officer = $officer WHERE row = $row AND opened_at IS NULL AND length(body) > 0",
                ("$row", message.Entry.Row), ("$at", at.ToUnixTimeMilliseconds()), ("$officer", officer)) == 1;
            if (first)
                ReceiptStore.Insert(session, message.Entry.MessageId, message.HeaderSha256, ReceiptKind.Opened, 3, message.Entry.Precedence, receipt);
            return first;
        }, cancellationToken);

    public InboxMessage? Find(string messageId) => database.Read(session => session.First(
        $"SELECT {EntryColumns}, header_sha256, acceptance, header, body FROM inbox WHERE message_id = $id AND outcome = 1",
        row => new InboxMessage(Entry(row), row.Bytes(16), row.Bytes(17), row.Bytes(18), row.Bytes(19)), ("$id", messageId)));

    /// <summary>The reports of a conversation that say who did not get something, in the order in which they came.</summary>
    public List<InboxMessage> Reports(string conversationId) => OfConversation(conversationId, "kind = 'report.nondelivery'");

    /// <summary>The statements of a conversation that say who holds what was recalled, in the order in which they came.</summary>
    public List<InboxMessage> Statements(string conversationId) => OfConversation(conversationId, "kind = 'statement.recall'");

    private List<InboxMessage> OfConversation(string conversationId, string ofKind) => database.Read(session => session.Query(
        $"""
        SELECT {EntryColumns}, header_sha256, acceptance, header, body FROM inbox
        WHERE conversation_id = $conversation AND outcome = 1 AND {ofKind} ORDER BY row LIMIT {MostReports}
        """,
        row => new InboxMessage(Entry(row), row.Bytes(16), row.Bytes(17), row.Bytes(18), row.Bytes(19)), ("$conversation", conversationId)));

    /// <summary>Most urgent first and newest first within a precedence, unless the query wants the newest of all.</summary>
    public List<InboxEntry> List(InboxQuery query)
    {
        var order = query.NewestFirst ? "row DESC" : "precedence DESC, row DESC";
        return database.Read(session => session.Query(
            $"""
            SELECT {EntryColumns} FROM inbox WHERE outcome = 1
                AND ($sender IS NULL OR sender = $sender) AND ($kind IS NULL OR kind = $kind)
                AND ($precedence IS NULL OR precedence = $precedence) AND ($opened IS NULL OR (opened_at IS NOT NULL OR length(body) = 0) = $opened)
            ORDER BY {order} LIMIT $limit OFFSET $skip
            """,
            Entry, ("$skip", query.Skip), ("$sender", query.Sender), ("$kind", query.Kind), ("$precedence", query.Precedence),
            ("$opened", query.Opened is { } opened ? (opened ? 1 : 0) : null), ("$limit", query.Limit)));
    }

    /// <summary>The number of the newest row, shown or not; 0 in an empty inbox.</summary>
    public long LastRow() => database.Read(LastRow);

    /// <summary>What is shown of the rows after that one, in the order in which they came, and the row up to which this answers.</summary>
    public (List<InboxEntry> Entries, long Next) ListAfter(long row, InboxQuery query) => database.Read(session =>
    {
        // Asked first: what comes between the two questions has a higher number and is in the next answer, not lost between two.
        var last = LastRow(session);
        var entries = session.Query(
            $"""
            SELECT {EntryColumns} FROM inbox WHERE outcome = 1 AND row > $after AND row <= $last
                AND ($sender IS NULL OR sender = $sender) AND ($kind IS NULL OR kind = $kind) AND ($precedence IS NULL OR precedence = $precedence)
            ORDER BY row LIMIT $limit
            """,
            Entry, ("$after", row), ("$last", last), ("$sender", query.Sender), ("$kind", query.Kind), ("$precedence", query.Precedence), ("$limit", query.Limit));
        return (entries, entries.Count == query.Limit ? entries[^1].Row : last);
    });

    /// <summary>How many are shown, and how many of them nobody opened.</summary>
    public (long Shown, long Unopened) Count() => database.Read(session => session.First(
        "SELECT count(*), count(*) FILTER (WHERE opened_at IS NULL AND length(body) > 0) FROM inbox WHERE outcome = 1", row => (row.GetInt64(0), row.GetInt64(1))));

    /// <summary>What the same sender sent before under the same reference, the newest first; a few at most.</summary>
    public List<InboxMessage> Earlier(InboxEntry entry) => database.Read(session => session.Query(
        $"""
        SELECT {EntryColumns}, header_sha256, acceptance, header FROM inbox
        WHERE sender = $sender AND reference = $reference AND reference <> '' AND outcome = 1 AND row < $row ORDER BY row DESC LIMIT {MostAlike}
        """,
        row => new InboxMessage(Entry(row), row.Bytes(16), row.Bytes(17), row.Bytes(18), []),
        ("$sender", entry.Sender), ("$reference", entry.Reference), ("$row", entry.Row)));

    /// <summary>How many came, could not be processed, and were not delivered since.</summary>
    public long CountApart() => database.Read(session => session.First("SELECT count(*) FROM inbox WHERE outcome = 4", row => row.GetInt64(0)));

    private static void Forget(SqliteSession session, string messageId, byte[] headerSha256)
    {
        session.Execute("DELETE FROM inbox WHERE message_id = $id AND header_sha256 = $sha", ("$id", messageId), ("$sha", headerSha256));
        session.Execute("DELETE FROM receipts WHERE message_id = $id AND header_sha256 = $sha AND kind = 0", ("$id", messageId), ("$sha", headerSha256));
    }

    private static long LastRow(SqliteSession session) => session.First("SELECT coalesce(max(row), 0) FROM inbox", row => row.GetInt64(0));

    private static bool IsShown(SqliteSession session, string messageId) =>
        session.First("SELECT 1 FROM inbox WHERE message_id = $id AND outcome = 1", row => row.GetInt32(0), ("$id", messageId)) == 1;

    private static Kept? ReceiptOf(SqliteSession session, string messageId, byte[] headerSha256) => session.First(
        "SELECT signed, outcome FROM receipts WHERE message_id = $id AND header_sha256 = $sha AND kind = 0",
        row => new Kept(row.Bytes(0), row.GetInt32(1), Repeated: true), ("$id", messageId), ("$sha", headerSha256));

    protected static void Insert(SqliteSession session, Arrival arrival) => session.Execute(
        """
        INSERT INTO inbox (message_id, outcome, reason, sender, precedence, kind, topic, reference, conversation_id, exercise, position, sequence,
            received_at, header_sha256, acceptance, header, body)
        VALUES ($id, $outcome, $reason, $sender, $precedence, $kind, $topic, $reference, $conversation, $exercise, $position, $sequence,
            $at, $sha, $acceptance, $header, $body)
        """,
        ("$id", arrival.MessageId), ("$outcome", arrival.Outcome), ("$reason", arrival.Reason), ("$sender", arrival.Sender),
        ("$precedence", arrival.Precedence), ("$kind", arrival.Kind), ("$topic", arrival.Topic), ("$reference", arrival.Reference),
        ("$conversation", arrival.ConversationId), ("$exercise", arrival.Exercise ? 1 : 0), ("$position", arrival.Position),
        ("$sequence", arrival.Sequence), ("$at", arrival.ReceivedAt.ToUnixTimeMilliseconds()), ("$sha", arrival.HeaderSha256),
        ("$acceptance", arrival.Acceptance), ("$header", arrival.Header), ("$body", arrival.Body));

    private static InboxEntry Entry(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetString(7),
        row.GetInt64(8) == 1, row.GetInt64(9), row.GetInt64(10), row.Time(11)!.Value, row.Time(12), row.Text(13),
        row.IsDBNull(14) ? RecallState.Unspecified : (RecallState)row.GetInt32(14), row.GetInt32(15));
}
