using MessageBackbone.Gateway.Storing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Gateway.Attachments;

/// <summary>A file on its way out with a message.</summary>
internal sealed record OutgoingAttachment(byte[] Sha256, long Size, Guid File);

internal enum ArrivalState
{
    /// <summary>It is fetched, or waits for its turn.</summary>
    Fetching = 0,

    /// <summary>The whole ciphertext is on disk and has the hash that the header names.</summary>
    Here = 1,

    /// <summary>The node does not give it, or gives something else; asking for it tries again.</summary>
    Failed = 2,

    /// <summary>Its message was recalled and deleted: the file goes, and then this row.</summary>
    Withdrawn = 3,
}

/// <summary>An attachment of a message in the inbox.</summary>
internal sealed record IncomingAttachment(string MessageId, byte[] Sha256, long Size, ArrivalState State, string Reason);

/// <summary>Which attachments belong to which message. Written with the message's own row, in one transaction.</summary>
internal sealed class AttachmentRows(GatewayDatabase database)
{
    private const string Columns = "message_id, sha256, size, state, reason";

    public static void InsertOutgoing(SqliteSession session, string messageId, IEnumerable<OutgoingAttachment> attachments)
    {
        foreach (var one in attachments)
            session.Execute("INSERT INTO outbox_attachments (message_id, sha256, size, file) VALUES ($id, $sha, $size, $file)",
                ("$id", messageId), ("$sha", one.Sha256), ("$size", one.Size), ("$file", one.File.ToString("N")));
    }

    /// <summary>The same files go with the message under its new id.</summary>
    public static void Move(SqliteSession session, string from, string to) =>
        session.Execute("UPDATE outbox_attachments SET message_id = $to WHERE message_id = $from", ("$from", from), ("$to", to));

    public static void InsertIncoming(SqliteSession session, string messageId, int precedence, IEnumerable<ContentRef> attachments)
    {
        foreach (var one in attachments)
            session.Execute("INSERT OR IGNORE INTO inbox_attachments (message_id, sha256, size, precedence) VALUES ($id, $sha, $size, $precedence)",
                ("$id", messageId), ("$sha", one.Sha256.ToByteArray()), ("$size", (long)one.Size), ("$precedence", precedence));
    }

    public List<OutgoingAttachment> OutgoingOf(string messageId) => database.Read(session => session.Query(
        "SELECT sha256, size, file FROM outbox_attachments WHERE message_id = $id ORDER BY rowid",
        row => new OutgoingAttachment(row.Bytes(0), row.GetInt64(1), Guid.ParseExact(row.GetString(2), "N")), ("$id", messageId)));

    /// <summary>True: a message that waits names the file. False: only messages that are final do. Null: none does.</summary>
    public bool? IsWaiting(Guid file) => database.Read<bool?>(session => session.Query(
        "SELECT outbox.state = 0 FROM outbox_attachments JOIN outbox USING (message_id) WHERE file = $file",
        row => row.GetBoolean(0), ("$file", file.ToString("N"))) is { Count: > 0 } states ? states.Contains(true) : null);

    public List<IncomingAttachment> IncomingOf(string messageId) => database.Read(session => session.Query(
        $"SELECT {Columns} FROM inbox_attachments WHERE message_id = $id ORDER BY rowid", Incoming, ("$id", messageId)));

    public IncomingAttachment? Incoming(string messageId, byte[] sha256) => database.Read(session => session.First(
        $"SELECT {Columns} FROM inbox_attachments WHERE message_id = $id AND sha256 = $sha", Incoming, ("$id", messageId), ("$sha", sha256)));

    /// <summary>The oldest of this precedence that is to be fetched.</summary>
    public IncomingAttachment? NextToFetch(int precedence) => database.Read(session => session.First(
        $"SELECT {Columns} FROM inbox_attachments WHERE state = 0 AND precedence = $precedence ORDER BY rowid LIMIT 1", Incoming, ("$precedence", precedence)));

    /// <summary>In the transaction that deletes the message.</summary>
    public static void Withdraw(SqliteSession session, string messageId) =>
        session.Execute("UPDATE inbox_attachments SET state = 3 WHERE message_id = $id", ("$id", messageId));

    /// <summary>The oldest of this precedence whose file is to be removed.</summary>
    public IncomingAttachment? NextToRemove(int precedence) => database.Read(session => session.First(
        $"SELECT {Columns} FROM inbox_attachments WHERE state = 3 AND precedence = $precedence ORDER BY rowid LIMIT 1", Incoming, ("$precedence", precedence)));

    public bool IsWanted(IncomingAttachment attachment) => Incoming(attachment.MessageId, attachment.Sha256) is { State: not ArrivalState.Withdrawn };

    public Task RemoveAsync(IncomingAttachment attachment, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.Execute("DELETE FROM inbox_attachments WHERE message_id = $id AND sha256 = $sha AND state = 3",
            ("$id", attachment.MessageId), ("$sha", attachment.Sha256)), cancellationToken);

    /// <summary>What was withdrawn stays so.</summary>
    public Task SetStateAsync(IncomingAttachment attachment, ArrivalState state, string reason, CancellationToken cancellationToken) =>
        database.WriteAsync(session => session.Execute(
            "UPDATE inbox_attachments SET state = $state, reason = $reason WHERE message_id = $id AND sha256 = $sha AND state <> 3",
            ("$state", (int)state), ("$reason", reason), ("$id", attachment.MessageId), ("$sha", attachment.Sha256)), cancellationToken);

    private static IncomingAttachment Incoming(SqliteDataReader row) =>
        new(row.GetString(0), row.Bytes(1), row.GetInt64(2), (ArrivalState)row.GetInt32(3), row.Text(4));
}
