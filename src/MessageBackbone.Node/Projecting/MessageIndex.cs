using Google.Protobuf.Collections;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>messages</c>: one row an accepted message, from its header, and one a copy of it, with its present state.</summary>
/// <remarks>Messages are in the order of (accepted_at, position): every index ends with it, so that a page is read from its place on.</remarks>
internal static class MessageIndex
{
    /// <summary>States that most copies have, and nobody looks for: the others have indexes of their own.</summary>
    public const string Usual = "2, 3";

    // A copy has its message's accepted_at: its key is found from the message, and a bureau's copies lie in the order of pages. bureaus: a JSON array, who has a
    // copy. clock: 0 stopped, 1 stops at DELIVERED, 2 stops at OPENED, 3 the same after DELIVERED; the rules are those of the read model `clocks`.
    private const string Schema =
        $"""
        CREATE TABLE message (
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL,
            sender TEXT NOT NULL,
            kind TEXT NOT NULL,
            precedence INTEGER NOT NULL,
            reference TEXT,
            conversation TEXT,
            in_reply_to TEXT,
            topic TEXT,
            exercise INTEGER NOT NULL,
            classification INTEGER NOT NULL,
            purpose INTEGER NOT NULL,
            created_at INTEGER,
            accepted_at INTEGER NOT NULL,
            deliver_by INTEGER,
            body_size INTEGER NOT NULL,
            attachments INTEGER NOT NULL,
            bureaus TEXT NOT NULL) STRICT;
        CREATE UNIQUE INDEX message_by_id ON message (id);
        CREATE INDEX message_by_time ON message (accepted_at);
        CREATE INDEX message_by_sender ON message (sender, accepted_at);
        CREATE INDEX message_by_kind ON message (kind, accepted_at);
        CREATE INDEX message_by_precedence ON message (precedence, accepted_at);
        CREATE INDEX message_by_reference ON message (reference, accepted_at) WHERE reference IS NOT NULL;
        CREATE INDEX message_by_conversation ON message (conversation, accepted_at) WHERE conversation IS NOT NULL;
        CREATE INDEX message_by_question ON message (in_reply_to, accepted_at) WHERE in_reply_to IS NOT NULL;
        CREATE INDEX message_by_topic ON message (topic, accepted_at) WHERE topic IS NOT NULL;
        CREATE INDEX message_exercise ON message (accepted_at) WHERE exercise = 1;
        CREATE TABLE copy (
            bureau TEXT NOT NULL,
            accepted_at INTEGER NOT NULL,
            message INTEGER NOT NULL,
            precedence INTEGER NOT NULL,
            state INTEGER NOT NULL,
            late INTEGER NOT NULL,
            clock INTEGER NOT NULL,
            PRIMARY KEY (bureau, accepted_at, message)) STRICT, WITHOUT ROWID;
        CREATE INDEX copy_unusual_at ON copy (bureau, state, precedence, accepted_at, message) WHERE state NOT IN ({Usual});
        CREATE INDEX copy_unusual ON copy (state, precedence, accepted_at, message) WHERE state NOT IN ({Usual});
        CREATE INDEX copy_late_at ON copy (bureau, accepted_at, message) WHERE late = 1;
        CREATE INDEX copy_late ON copy (accepted_at, message) WHERE late = 1;
        """;

    public static Projection Projection { get; } = new("messages", 2, Schema, session => new Writer(session));

    private sealed class Writer : IRowWriter
    {
        private readonly Reactions _reactions;
        private readonly CopyRowStore _copies;
        private readonly Statement _insert;

        public Writer(ReadModelSession session)
        {
            _copies = new CopyRowStore(session);
            _insert = session.Prepare(
                "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)");
            _reactions = new Reactions()
                .On<Accepted>(Accept)
                .On<Delivered>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.Deliver()))
                .On<Opened>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.End(DeliveryState.Opened)))
                .On<Refused>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.End(DeliveryState.Refused)))
                .On<Expired>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.End(DeliveryState.Expired)))
                .On<RefusedByOperator>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.End(DeliveryState.Refused)))
                .On<Recalled>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.End(DeliveryState.Recalled)))
                .On<Released>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.Move(DeliveryState.Waiting)))
                .On<V1.Quarantined>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.Move(DeliveryState.Quarantined)))
                .On<AskedBack>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.StopClock()))
                .On<Escalated>((_, e) => _copies.Change(e.MessageId, e.Recipient, static copy => copy.Escalate()))
                .On<Redirected>((_, e) => _copies.Redirect(e));
        }

        public void Apply(RecordedEvent recorded) => _reactions.Apply(recorded);

        public void Flush() => _copies.Flush();

        private void Accept(RecordedEvent recorded, Accepted accepted)
        {
            var (header, id, at) = (accepted.Content, RowText.Key(accepted.Content.MessageId), RowText.Ticks(accepted.AcceptedAt) ?? 0);
            _insert.Bind(1, (long)recorded.Position.Value).Bind(2, id.ToByteArray(bigEndian: true)).Bind(3, header.From).Bind(4, header.Kind)
                .Bind(5, (long)header.Precedence).Bind(6, Known(header.Reference)).Bind(7, Known(header.ConversationId)).Bind(8, Known(header.InReplyTo))
                .Bind(9, Known(header.Topic)).Bind(10, header.Exercise ? 1 : 0).Bind(11, (long)(header.Handling?.Classification ?? Classification.Unspecified))
                .Bind(12, (long)(header.Handling?.Purpose ?? Purpose.Unspecified)).Bind(13, RowText.Ticks(header.CreatedAt)).Bind(14, at)
                .Bind(15, RowText.Ticks(header.DeliverBy)).Bind(16, (long)header.BodySize).Bind(17, header.Attachments.Count)
                .Bind(18, Array(accepted.Recipients)).Run();
            _copies.Begin(id, (long)recorded.Position.Value, at, header, accepted.Recipients);
        }

        // Codes of bureaus need no escapes.
        private static string Array(RepeatedField<string> bureaus) => bureaus.Count == 0 ? "[]" : $"[\"{string.Join("\",\"", bureaus)}\"]";

        private static string? Known(string text) => text.Length == 0 ? null : text;
    }
}
