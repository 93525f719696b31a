using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>deliveries</c>: the state of each message at each recipient, a version a change, and every attempt that ended.</summary>
/// <remarks>Versions after EXPIRED, RECALLED, REFUSED or REDIRECTED are receipts that came too late: what they say is kept, the delivery stays as it
/// ended.</remarks>
internal static class DeliveryStates
{
    // A version holds for positions [since, until). Attempts are facts with a position of their own: how many there were as of P is a count.
    private const string Schema =
        """
        CREATE TABLE delivery (
            message BLOB NOT NULL,
            bureau TEXT NOT NULL,
            since INTEGER NOT NULL,
            until INTEGER NOT NULL,
            state INTEGER NOT NULL,
            at INTEGER,
            reason TEXT,
            PRIMARY KEY (message, bureau, since)) STRICT, WITHOUT ROWID;
        CREATE TABLE attempt (
            message BLOB NOT NULL,
            bureau TEXT NOT NULL,
            position INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            presented_at INTEGER,
            ended_by TEXT NOT NULL,
            PRIMARY KEY (message, bureau, position)) STRICT, WITHOUT ROWID;
        """;

    public static Projection Projection { get; } = new("deliveries", 1, Schema, session => new Writer(session));

    private sealed class Writer : IRowWriter
    {
        private readonly Reactions _reactions;
        private readonly Statement _insert;
        private readonly Statement _close;
        private readonly Statement _attempt;

        public Writer(ReadModelSession session)
        {
            _insert = session.Prepare($"INSERT INTO delivery VALUES (?1, ?2, ?3, {RowText.Open}, ?4, ?5, ?6)");
            // The newest version sorts last; its place is found without reading the older ones.
            _close = session.Prepare(
                """
                UPDATE delivery SET until = ?3 WHERE message = ?1 AND bureau = ?2
                    AND since = (SELECT max(since) FROM delivery WHERE message = ?1 AND bureau = ?2)
                """);
            _attempt = session.Prepare("INSERT INTO attempt VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
            _reactions = new Reactions()
                .On<Accepted>(Accept)
                .On<Attempted>(Attempt)
                .On<Delivered>((r, e) => Change(r, e.MessageId, e.Recipient, DeliveryState.Delivered, RowText.Ticks(e.At), null))
                .On<Opened>((r, e) => Change(r, e.MessageId, e.Recipient, DeliveryState.Opened, RowText.Ticks(e.At), null))
                .On<Refused>((r, e) => Change(r, e.MessageId, e.Recipient, DeliveryState.Refused, RowText.Ticks(e.At), e.Reason))
                .On<Expired>((r, e) => Change(r, e.MessageId, e.Recipient, DeliveryState.Expired, RowText.Ticks(e.At), e.Because.Length > 0 ? Reasons.BureauClosed : null))
                .On<RefusedByOperator>((r, e) => Change(r, e.MessageId, e.Recipient, DeliveryState.Refused, RowText.Ticks(e.At), e.Reason))
                .On<Released>((r, e) => Change(r, e.MessageId, e.Recipient, DeliveryState.Waiting, RowText.Ticks(e.At), null))
                .On<Recalled>((r, e) => Change(r, e.MessageId, e.Recipient, DeliveryState.Recalled, RowText.Ticks(e.At), e.Reason))
                .On<Redirected>(Redirect)
                .On<Quarantined>((r, e) => Change(r, e.MessageId, e.Recipient, DeliveryState.Quarantined, RowText.Ticks(e.At), e.Reason));
        }

        public void Apply(RecordedEvent recorded) => _reactions.Apply(recorded);

        private void Accept(RecordedEvent recorded, Accepted accepted)
        {
            var id = RowText.Required(accepted.Content.MessageId);
            foreach (var recipient in accepted.Recipients)
                Insert(recorded, id, recipient, DeliveryState.Waiting, RowText.Ticks(accepted.AcceptedAt), null);
        }

        // Versions after REDIRECTED are read as after EXPIRED; of what was delivered before, it is none: the alternate has a copy.
        private void Redirect(RecordedEvent recorded, Redirected e)
        {
            Change(recorded, e.MessageId, e.Recipient, DeliveryState.Redirected, RowText.Ticks(e.At), null);
            Insert(recorded, RowText.Required(e.MessageId), e.To, DeliveryState.Waiting, RowText.Ticks(e.At), null);
        }

        private void Attempt(RecordedEvent recorded, Attempted e) =>
            _attempt.Bind(1, RowText.Required(e.MessageId)).Bind(2, e.Recipient).Bind(3, (long)recorded.Position.Value).Bind(4, e.Attempt)
                .Bind(5, (long)e.Sequence).Bind(6, RowText.Ticks(e.PresentedAt)).Bind(7, e.EndedBy).Run();

        private void Change(RecordedEvent recorded, string messageId, string bureau, DeliveryState state, long? at, string? reason)
        {
            var id = RowText.Required(messageId);
            _close.Bind(1, id).Bind(2, bureau).Bind(3, (long)recorded.Position.Value).Run();
            Insert(recorded, id, bureau, state, at, reason);
        }

        private void Insert(RecordedEvent recorded, byte[] id, string bureau, DeliveryState state, long? at, string? reason) =>
            _insert.Bind(1, id).Bind(2, bureau).Bind(3, (long)recorded.Position.Value).Bind(4, (long)state).Bind(5, at).Bind(6, reason).Run();
    }
}
