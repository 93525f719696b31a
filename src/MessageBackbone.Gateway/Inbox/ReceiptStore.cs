using MessageBackbone.Gateway.Storing;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Gateway.Inbox;

internal enum ReceiptKind
{
    /// <summary>DELIVERED, REFUSED or QUARANTINED: what answers a delivery.</summary>
    Answer = 0,

    Opened = 1,
}

internal sealed record StoredReceipt(long Row, string MessageId, byte[] HeaderSha256, ReceiptKind Kind, int Outcome, int Precedence, byte[] Signed);

/// <summary>
/// This bureau's signed receipts: built once, stored before they are sent, and the same bytes every time; other ones only after the node refused their signer.
/// </summary>
internal sealed class ReceiptStore(GatewayDatabase database)
{
    private const string Columns = "row, message_id, header_sha256, kind, outcome, precedence, signed";

    // The node refuses an OPENED before it has recorded DELIVERED, and records many receipts at a time: sent right after it, it might be judged first.
    private const string AnswerIsSettled =
        "NOT EXISTS (SELECT 1 FROM receipts a WHERE a.message_id = r.message_id AND a.header_sha256 = r.header_sha256 AND a.kind = 0 AND a.state = 0)";

    public long LastRow() => database.Read(session => session.First("SELECT coalesce(max(row), 0) FROM receipts", row => row.GetInt64(0)));

    /// <summary>
    /// What the node has not recorded yet among the rows up to <paramref name="last"/>, most urgent first, after (<paramref name="precedence"/>,
    /// <paramref name="row"/>) in that order; without each OPENED that must wait for the answer to its delivery.
    /// </summary>
    public List<StoredReceipt> ToSend(int precedence, long row, long last, int limit) => database.Read(session => session.Query(
        $"""
        SELECT {Columns} FROM receipts r
        WHERE state = 0 AND row <= $last AND (kind = 0 OR {AnswerIsSettled}) AND (precedence < $precedence OR (precedence = $precedence AND row > $row)) ORDER BY precedence DESC, row LIMIT $limit
        """,
        Receipt, ("$precedence", precedence), ("$row", row), ("$last", last), ("$limit", limit)));

    /// <summary>As <see cref="ToSend"/>, of one precedence, and each OPENED right behind the answer to its delivery: for a file, whose order is kept.</summary>
    public List<StoredReceipt> ToCarry(int precedence, long row, int limit) => database.Read(session => session.Query(
        $"SELECT {Columns} FROM receipts WHERE state = 0 AND precedence = $precedence AND row > $row ORDER BY row LIMIT $limit",
        Receipt, ("$precedence", precedence), ("$row", row), ("$limit", limit)));

    /// <summary>The receipt of a message with these very bytes; null: there is none.</summary>
    public StoredReceipt? Find(string messageId, byte[] signedSha256) => database.Read(session => session.Query(
        $"SELECT {Columns} FROM receipts WHERE message_id = $id", Receipt, ("$id", messageId)))
        .Find(receipt => Digests.AreEqual(Digests.Sha256(receipt.Signed), signedSha256));

    /// <summary>The OPENED receipts that were stored after the row and are not recorded, and whether each may be sent now.</summary>
    public List<(StoredReceipt Receipt, bool Ready)> OpenedAfter(long row) => database.Read(session => session.Query(
        $"SELECT {Columns}, {AnswerIsSettled} FROM receipts r WHERE state = 0 AND kind = 1 AND row > $row ORDER BY row",
        found => (Receipt(found), found.GetInt32(7) == 1), ("$row", row)));

    /// <summary>The OPENED receipt that waited for the answer to this delivery; null: there is none to send.</summary>
    public StoredReceipt? FindOpened(string messageId, byte[] headerSha256) => database.Read(session => session.First(
        $"SELECT {Columns} FROM receipts WHERE message_id = $id AND header_sha256 = $sha AND kind = 1 AND state = 0", Receipt,
        ("$id", messageId), ("$sha", headerSha256)));

    public StoredReceipt? Find(string messageId, ReceiptKind kind) => database.Read(session => session.First(
        $"SELECT {Columns} FROM receipts WHERE message_id = $id AND kind = $kind AND outcome IN (1, 3)", Receipt, ("$id", messageId), ("$kind", (int)kind)));

    /// <summary>True when this is the first time that the node says so.</summary>
    public Task<bool> RecordAsync(string messageId, byte[] headerSha256, ReceiptKind kind, long position, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(
            "UPDATE receipts SET state = 1, position = $position WHERE message_id = $id AND header_sha256 = $sha AND kind = $kind AND state <> 1",
            ("$id", messageId), ("$sha", headerSha256), ("$kind", (int)kind), ("$position", position)) == 1, cancellationToken);

    /// <summary>Kept, and not sent again by itself.</summary>
    public Task RefuseAsync(string messageId, byte[] headerSha256, ReceiptKind kind, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(
            "UPDATE receipts SET state = 2, reason = $reason WHERE message_id = $id AND header_sha256 = $sha AND kind = $kind AND state = 0",
            ("$id", messageId), ("$sha", headerSha256), ("$kind", (int)kind), ("$reason", reason)), cancellationToken);

    /// <summary>
    /// Puts another signature over the same content in the place of a refused one. Gives what is stored now, which is another caller's where that one came
    /// first; null, and nothing is replaced, when the node has recorded the receipt: then the log holds those bytes.
    /// </summary>
    public Task<byte[]?> ReplaceAsync(
        string messageId, byte[] headerSha256, ReceiptKind kind, byte[] refused, byte[] signed, CancellationToken cancellationToken) =>
        database.WriteAsync(session =>
        {
            session.Execute(
                "UPDATE receipts SET signed = $signed WHERE message_id = $id AND header_sha256 = $sha AND kind = $kind AND state <> 1 AND signed = $refused",
                ("$id", messageId), ("$sha", headerSha256), ("$kind", (int)kind), ("$refused", refused), ("$signed", signed));
            return session.First(
                "SELECT signed FROM receipts WHERE message_id = $id AND header_sha256 = $sha AND kind = $kind AND state <> 1", row => row.Bytes(0),
                ("$id", messageId), ("$sha", headerSha256), ("$kind", (int)kind));
        }, cancellationToken);

    public long CountToSend() => database.Read(session => session.First("SELECT count(*) FROM receipts WHERE state = 0", row => row.GetInt64(0)));

    public static void Insert(SqliteSession session, string messageId, byte[] headerSha256, ReceiptKind kind, int outcome, int precedence, byte[] signed) =>
        session.Execute(
            """
            INSERT INTO receipts (message_id, kind, outcome, state, precedence, header_sha256, signed)
            VALUES ($id, $kind, $outcome, 0, $precedence, $sha, $signed)
            """,
            ("$id", messageId), ("$kind", (int)kind), ("$outcome", outcome), ("$precedence", precedence), ("$sha", headerSha256), ("$signed", signed));

    private static StoredReceipt Receipt(Microsoft.Data.Sqlite.SqliteDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.Bytes(2), (ReceiptKind)row.GetInt32(3), row.GetInt32(4), row.GetInt32(5), row.Bytes(6));
}
