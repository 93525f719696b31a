using MessageBackbone.Gateway.Attachments;
using MessageBackbone.Gateway.Storing;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Gateway.Outbox;

internal enum OutboxState
{
    Waiting = 0,
    Accepted = 1,
    Refused = 2,
    Replaced = 3,
}

/// <summary>A signed message as it is sent: header and body are repeated byte for byte until the node has answered.</summary>
internal sealed record SignedMessage(
    string MessageId, int Precedence, string Kind, string Reference, IReadOnlyList<string> Recipients, byte[] HeaderSha256, byte[] Header, byte[] Body)
{
    public int Size => Header.Length + Body.Length;

    /// <summary>Files that go before it. Told once, when it is first stored.</summary>
    public IReadOnlyList<OutgoingAttachment> Attachments { get; init; } = [];
}

/// <summary>Who handed the message in, and in which trace.</summary>
internal sealed record Origin(string User, string? TraceParent, DateTimeOffset At);

/// <summary>A message of the outbox with all its bytes.</summary>
internal sealed record StoredMessage(SignedMessage Signed, Origin Origin);

/// <summary>What the sender needs to know of a waiting message; its bytes are read when its turn comes.</summary>
internal sealed record WaitingMessage(long Row, string MessageId, int Precedence, int Size, int SignedAgain)
{
    /// <summary>How often the node had its attachments no more when it was submitted, since this process began.</summary>
    public int UploadedAgain { get; init; }
}

internal sealed record OutboxEntry(
    long Row, string MessageId, OutboxState State, int Precedence, string Kind, string Reference, IReadOnlyList<string> Recipients, int Size,
    DateTimeOffset QueuedAt, string QueuedBy, int SignedAgain, DateTimeOffset? DecidedAt, long? Position, string Reason, string ReasonText,
    string ReplacedBy, string Replaces, string TraceParent, byte[] HeaderSha256, byte[] Receipt);

/// <summary>What this bureau sent. A finished <see cref="AddAsync"/> means that the message survives a crash and will be sent.</summary>
internal class OutboxStore(GatewayDatabase database)
{
    private const string EntryColumns =
        "row, message_id, state, precedence, kind, reference, recipients, size, queued_at, queued_by, signed_again, decided_at, position, reason, " +
        "reason_text, replaced_by, replaces, traceparent, header_sha256, receipt";

    /// <summary>Throws <see cref="SqliteException"/> when the id is there already with another header: an id is chosen once.</summary>
    /// <param name="also">What is written with it, in one transaction. May run twice.</param>
    public virtual Task<WaitingMessage> AddAsync(SignedMessage message, Origin origin, CancellationToken cancellationToken, Action<SqliteSession>? also = null) =>
        database.WriteAsync(session =>
        {
            // A commit that is there although it was told as failed is run again: its caller must not hear that nothing was stored.
            if (Stored(session, message.MessageId) is { } before && before.Sha256.AsSpan().SequenceEqual(message.HeaderSha256)) return before.Waiting;
            also?.Invoke(session);
            return Insert(session, message, origin, replaces: "", signedAgain: 0);
        }, cancellationToken);

    public virtual List<WaitingMessage> Waiting() => database.Read(session => session.Query(
        "SELECT row, message_id, precedence, size, signed_again FROM outbox WHERE state = 0 ORDER BY precedence DESC, row",
        Waits));

    public virtual StoredMessage Read(long row) => Find(row, "") ?? throw new InvalidOperationException($"The outbox has no row {row}.");

    /// <summary>The message of the row, as it is to be sent now; null: it waits no more, the node answered it or it goes under another id.</summary>
    public StoredMessage? ReadWaiting(long row) => Find(row, "AND state = 0");

    public Task AcceptAsync(long row, long position, byte[] receipt, DateTimeOffset at, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(
            "UPDATE outbox SET state = 1, position = $position, receipt = $receipt, decided_at = $at, reason = NULL, reason_text = NULL WHERE row = $row",
            ("$row", row), ("$position", position), ("$receipt", receipt), ("$at", at.ToUnixTimeMilliseconds())), cancellationToken);

    public Task RefuseAsync(long row, string reason, string text, DateTimeOffset at, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(
            "UPDATE outbox SET state = 2, reason = $reason, reason_text = $text, decided_at = $at WHERE row = $row AND state = 0",
            ("$row", row), ("$reason", reason), ("$text", text), ("$at", at.ToUnixTimeMilliseconds())), cancellationToken);

    /// <summary>Other bytes under the same id, after the node said that it did not record the first ones.</summary>
    public Task<WaitingMessage> SealAgainAsync(WaitingMessage waiting, SignedMessage message, CancellationToken cancellationToken) =>
        database.WriteAsync(session =>
        {
            session.Execute(
                """
                UPDATE outbox SET header = $header, body = $body, header_sha256 = $sha, recipients = $recipients, size = $size,
                    signed_again = signed_again + 1 WHERE row = $row AND state = 0
                """,
                ("$row", waiting.Row), ("$header", message.Header), ("$body", message.Body), ("$sha", message.HeaderSha256),
                ("$recipients", string.Join(' ', message.Recipients)), ("$size", message.Size));
            return waiting with { Size = message.Size, SignedAgain = waiting.SignedAgain + 1 };
        }, cancellationToken);

    /// <summary>The same message under a new id; the old row names the new one. Both happen or neither, and once: of one that was replaced before, the new
    /// one is given that it has.</summary>
    public Task<WaitingMessage> ReplaceAsync(WaitingMessage old, SignedMessage message, string reason, Origin origin, CancellationToken cancellationToken) =>
        database.WriteAsync(session =>
        {
            var replaced = session.First("SELECT replaced_by FROM outbox WHERE row = $row AND state = 3", found => found.GetString(0), ("$row", old.Row));
            if (replaced is not null) return Stored(session, replaced)!.Value.Waiting;
            session.Execute("UPDATE outbox SET state = 3, replaced_by = $new, reason = $reason, decided_at = $at WHERE row = $row",
                ("$row", old.Row), ("$new", message.MessageId), ("$reason", reason), ("$at", origin.At.ToUnixTimeMilliseconds()));
            var replacing = Insert(session, message, origin, old.MessageId, old.SignedAgain + 1);
            AttachmentRows.Move(session, old.MessageId, message.MessageId);
            return replacing;
        }, cancellationToken);

    /// <summary>The newest accepted messages, not older than <paramref name="since"/>, whose tracking of the last file was not final, or of which no file told.</summary>
    public List<string> ToAskFor(DateTimeOffset since, int limit) => database.Read(session => session.Query(
        """
        SELECT o.message_id FROM outbox o LEFT JOIN carried_tracking t ON t.message_id = o.message_id
        WHERE o.state = 1 AND o.decided_at >= $since AND coalesce(t.final, 0) = 0 ORDER BY o.row DESC LIMIT $limit
        """,
        row => row.GetString(0), ("$since", since.ToUnixTimeMilliseconds()), ("$limit", limit)));

    public virtual OutboxEntry? Find(string messageId) => database.Read(session => session.First(
        $"SELECT {EntryColumns} FROM outbox WHERE message_id = $id", Entry, ("$id", messageId)));

    /// <summary>The signed header of a row, as sent.</summary>
    public byte[] Header(long row) => database.Read(session => session.First(
        "SELECT header FROM outbox WHERE row = $row", found => found.Bytes(0), ("$row", row))) ?? [];

    /// <summary>Newest first, below the row <paramref name="before"/>.</summary>
    public List<OutboxEntry> List(long before, int limit) => database.Read(session => session.Query(
        $"SELECT {EntryColumns} FROM outbox WHERE row < $before ORDER BY row DESC LIMIT $limit", Entry, ("$before", before), ("$limit", limit)));

    /// <summary>What was sent before under the same reference and not refused or replaced, the newest first; a few at most.</summary>
    public List<OutboxEntry> Earlier(OutboxEntry entry) => database.Read(session => session.Query(
        $"SELECT {EntryColumns} FROM outbox WHERE reference = $reference AND reference <> '' AND row < $row AND state IN (0, 1) ORDER BY row DESC LIMIT 16",
        Entry, ("$reference", entry.Reference), ("$row", entry.Row)));

    /// <summary>Puts a message into the outbox in a transaction that writes other things too.</summary>
    public static WaitingMessage Insert(SqliteSession session, SignedMessage message, Origin origin, string replaces, int signedAgain)
    {
        var row = session.First(
            """
            INSERT INTO outbox (message_id, state, precedence, kind, reference, recipients, size, queued_at, queued_by, signed_again, replaces,
                traceparent, header_sha256, header, body)
            VALUES ($id, 0, $precedence, $kind, $reference, $recipients, $size, $at, $by, $again, $replaces, $trace, $sha, $header, $body)
            RETURNING row
            """,
            found => found.GetInt64(0),
            ("$id", message.MessageId), ("$precedence", message.Precedence), ("$kind", message.Kind), ("$reference", message.Reference),
            ("$recipients", string.Join(' ', message.Recipients)), ("$size", message.Size), ("$at", origin.At.ToUnixTimeMilliseconds()),
            ("$by", origin.User), ("$again", signedAgain), ("$replaces", replaces), ("$trace", origin.TraceParent),
            ("$sha", message.HeaderSha256), ("$header", message.Header), ("$body", message.Body));
        AttachmentRows.InsertOutgoing(session, message.MessageId, message.Attachments);
        return new WaitingMessage(row, message.MessageId, message.Precedence, message.Size, signedAgain);
    }

    private StoredMessage? Find(long row, string which) => database.Read(session => session.First(
        $"""
        SELECT message_id, precedence, kind, reference, recipients, header_sha256, header, body, queued_by, traceparent, queued_at
        FROM outbox WHERE row = $row {which}
        """,
        found => new StoredMessage(
            new SignedMessage(found.GetString(0), found.GetInt32(1), found.GetString(2), found.GetString(3), Codes(found.GetString(4)),
                found.Bytes(5), found.Bytes(6), found.Bytes(7)),
            new Origin(found.GetString(8), found.Text(9), found.Time(10)!.Value)),
        ("$row", row)));

    private static (WaitingMessage Waiting, byte[] Sha256)? Stored(SqliteSession session, string messageId) =>
        session.First<(WaitingMessage, byte[])?>(
            "SELECT row, message_id, precedence, size, signed_again, header_sha256 FROM outbox WHERE message_id = $id",
            row => (Waits(row), row.Bytes(5)), ("$id", messageId));

    private static WaitingMessage Waits(SqliteDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4));

    private static OutboxEntry Entry(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), (OutboxState)row.GetInt32(2), row.GetInt32(3), row.GetString(4), row.GetString(5), Codes(row.GetString(6)),
        row.GetInt32(7), row.Time(8)!.Value, row.GetString(9), row.GetInt32(10), row.Time(11), row.IsDBNull(12) ? null : row.GetInt64(12), row.Text(13),
        row.Text(14), row.Text(15), row.Text(16), row.Text(17), row.Bytes(18), row.Bytes(19));

    private static string[] Codes(string stored) => stored.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
