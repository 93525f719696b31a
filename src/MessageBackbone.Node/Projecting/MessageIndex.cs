using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>messages</c>: one row an accepted message, from its header. Written once, so as of P is <c>position &lt;= P</c>.</summary>
internal static class MessageIndex
{
    private const string Schema =
        """
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
            recipients INTEGER NOT NULL) STRICT;
        CREATE UNIQUE INDEX message_by_id ON message (id);
        CREATE INDEX message_by_sender ON message (sender, position);
        CREATE INDEX message_by_reference ON message (reference) WHERE reference IS NOT NULL;
        CREATE INDEX message_by_conversation ON message (conversation) WHERE conversation IS NOT NULL;
        CREATE INDEX message_by_topic ON message (topic, position) WHERE topic IS NOT NULL;
        """;

    public static Projection Projection { get; } = new("messages", 1, Schema, session => new Writer(session));

    private sealed class Writer : IRowWriter
    {
        private readonly Reactions _reactions;
        private readonly Statement _insert;

        public Writer(ReadModelSession session)
        {
            _insert = session.Prepare(
                "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)");
            _reactions = new Reactions().On<Accepted>(Insert);
        }

        public void Apply(RecordedEvent recorded) => _reactions.Apply(recorded);

        private void Insert(RecordedEvent recorded, Accepted accepted)
        {
            var header = accepted.Content;
            _insert.Bind(1, (long)recorded.Position.Value).Bind(2, RowText.Required(header.MessageId)).Bind(3, header.From).Bind(4, header.Kind)
                .Bind(5, (long)header.Precedence).Bind(6, Known(header.Reference)).Bind(7, Known(header.ConversationId)).Bind(8, Known(header.InReplyTo))
                .Bind(9, Known(header.Topic)).Bind(10, header.Exercise ? 1 : 0).Bind(11, (long)(header.Handling?.Classification ?? Classification.Unspecified))
                .Bind(12, (long)(header.Handling?.Purpose ?? Purpose.Unspecified)).Bind(13, RowText.Ticks(header.CreatedAt)).Bind(14, RowText.Ticks(accepted.AcceptedAt))
                .Bind(15, RowText.Ticks(header.DeliverBy)).Bind(16, (long)header.BodySize).Bind(17, header.Attachments.Count)
                .Bind(18, accepted.Recipients.Count).Run();
        }

        private static string? Known(string text) => text.Length == 0 ? null : text;
    }
}
