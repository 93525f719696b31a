using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>clocks</c>: every delivery whose service clock runs, how far its ladder was taken, and what is owed for the steps that were.</summary>
/// <remarks>Rows hold times and steps, no levels: what is due when is asked with the configuration of the day, and a change of it costs no rebuild. A delivery
/// that is where it belongs has no row.</remarks>
internal static class ServiceClockRows
{
    // opened: the clock stops at OPENED and not at DELIVERED. step: the last one taken, 0 none. In `late` are the running clocks with a step.
    private const string Schema = OwedRows.Schema + "\n" +
        """
        CREATE TABLE clock (
            message BLOB NOT NULL,
            bureau TEXT NOT NULL,
            precedence INTEGER NOT NULL,
            step INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            opened INTEGER NOT NULL,
            delivered INTEGER NOT NULL,
            PRIMARY KEY (message, bureau)) STRICT, WITHOUT ROWID;
        CREATE INDEX clock_due ON clock (precedence, step, started_at);
        CREATE TABLE late (
            bureau TEXT NOT NULL,
            precedence INTEGER NOT NULL,
            deliveries INTEGER NOT NULL,
            PRIMARY KEY (bureau, precedence)) STRICT, WITHOUT ROWID;
        """;

    public static Projection Projection { get; } = new("clocks", 2, Schema, session => new Writer(session));

    private sealed class Writer : IRowWriter
    {
        private readonly Reactions _reactions;
        private readonly OwedRowStore _owed;
        private readonly Statement _start, _stop, _delivered, _left, _take, _find, _late;

        public Writer(ReadModelSession session)
        {
            _owed = new OwedRowStore(session);
            _start = session.Prepare("INSERT INTO clock VALUES (?1, ?2, ?3, 0, ?4, ?5, 0) ON CONFLICT DO NOTHING");
            _stop = session.Prepare("DELETE FROM clock WHERE message = ?1 AND bureau = ?2 RETURNING precedence, step");
            _delivered = session.Prepare("UPDATE clock SET delivered = 1 WHERE message = ?1 AND bureau = ?2 AND opened = 1");
            _left = session.Prepare("DELETE FROM clock WHERE message = ?1 AND bureau = ?2 AND delivered = 0 RETURNING precedence, step");
            _take = session.Prepare("UPDATE clock SET step = ?3 WHERE message = ?1 AND bureau = ?2 AND step < ?3");
            _find = session.Prepare("SELECT precedence, step, opened FROM clock WHERE message = ?1 AND bureau = ?2");
            _late = session.Prepare("INSERT INTO late VALUES (?1, ?2, ?3) ON CONFLICT (bureau, precedence) DO UPDATE SET deliveries = deliveries + ?3");
            _reactions = new Reactions()
                .On<Accepted>((_, e) => Accept(e))
                .On<Delivered>((_, e) => Deliver(e.MessageId, e.Recipient))
                .On<Opened>((_, e) => End(_stop, e.MessageId, e.Recipient))
                .On<Refused>((_, e) => End(_stop, e.MessageId, e.Recipient))
                .On<Expired>((_, e) => End(_stop, e.MessageId, e.Recipient))
                .On<Recalled>((_, e) => End(_stop, e.MessageId, e.Recipient))
                .On<AskedBack>((_, e) => End(_stop, e.MessageId, e.Recipient))
                .On<RefusedByOperator>((_, e) => End(_stop, e.MessageId, e.Recipient))
                .On<Escalated>(Escalate)
                .On<Redirected>(Redirect)
                .On<EscalationCalled>((_, e) => _owed.Called(e.EventId));
        }

        public void Apply(RecordedEvent recorded) => _reactions.Apply(recorded);

        private void Accept(Accepted accepted)
        {
            var (header, id) = (accepted.Content, RowText.Required(accepted.Content.MessageId));
            _owed.Told(id);
            if (!ServiceClocks.RunsFor(header.Kind)) return;
            var opened = ServiceClocks.StopsAtOpened(header.Precedence, header.Kind);
            foreach (var recipient in accepted.Recipients) Start(id, recipient, header.Precedence, RowText.Ticks(accepted.AcceptedAt) ?? 0, opened);
        }

        private void Start(byte[] id, string bureau, Precedence precedence, long at, bool opened) =>
            _start.Bind(1, id).Bind(2, bureau).Bind(3, (long)precedence).Bind(4, at).Bind(5, opened ? 1 : 0).Run();

        private void Deliver(string messageId, string bureau)
        {
            var id = RowText.Required(messageId);
            _find.Bind(1, id).Bind(2, bureau);
            var opened = _find.Step() && _find.Number(2) == 1;
            _find.Reset();
            if (opened) _delivered.Bind(1, id).Bind(2, bureau).Run();
            else End(_stop, messageId, bureau);
        }

        private void End(Statement delete, string messageId, string bureau)
        {
            delete.Bind(1, RowText.Required(messageId)).Bind(2, bureau);
            var (ended, precedence, step) = delete.Step() ? (true, delete.Number(0), delete.Number(1)) : default;
            delete.Reset();
            if (ended && step > 0) Late(bureau, precedence, -1);
        }

        private void Late(string bureau, long precedence, long more) => _late.Bind(1, bureau).Bind(2, precedence).Bind(3, more).Run();

        private void Escalate(RecordedEvent recorded, Escalated e)
        {
            var id = RowText.Required(e.MessageId);
            _find.Bind(1, id).Bind(2, e.Recipient);
            var (runs, precedence, before) = _find.Step() ? (true, _find.Number(0), _find.Number(1)) : default;
            _find.Reset();
            if (runs && before == 0) Late(e.Recipient, precedence, 1);
            _take.Bind(1, id).Bind(2, e.Recipient).Bind(3, (long)e.Step).Run();
            // Of a redirection the alternate gets the message itself, and the sender hears by the event after this one.
            if (e.To.Length > 0 && e.Reason != Escalation.Redirected) _owed.Notice(recorded, precedence);
            _owed.Call(recorded, precedence, (int)e.Step, e.Recipient, RowText.Ticks(e.At) ?? 0);
        }

        private void Redirect(RecordedEvent recorded, Redirected e)
        {
            var id = RowText.Required(e.MessageId);
            _find.Bind(1, id).Bind(2, e.Recipient);
            var opened = _find.Step() ? _find.Number(2) == 1 : ServiceClocks.StopsAtOpened(e.Precedence, "");
            _find.Reset();
            End(_left, e.MessageId, e.Recipient);
            Start(id, e.To, e.Precedence, RowText.Ticks(e.At) ?? 0, opened);
            if (!e.SenderClosed) _owed.Notice(recorded, (long)e.Precedence);
        }
    }
}
