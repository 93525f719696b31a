using System.Runtime.InteropServices;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Projecting;

/// <summary>Read model <c>board</c>: how many deliveries stand where, per bureau and precedence, and since when the oldest waits.</summary>
/// <remarks>An event moves one delivery from one count to another; a read takes one row and one seek per bureau and precedence, however many deliveries
/// there are.</remarks>
internal static class BoardTally
{
    private const int Waiting = (int)DeliveryState.Waiting, Quarantined = (int)DeliveryState.Quarantined;

    private static readonly string Schema =
        $"""
        CREATE TABLE standing (
            message BLOB NOT NULL,
            bureau TEXT NOT NULL,
            precedence INTEGER NOT NULL,
            state INTEGER NOT NULL,
            position INTEGER NOT NULL,
            accepted_at INTEGER NOT NULL,
            PRIMARY KEY (message, bureau)) STRICT, WITHOUT ROWID;
        CREATE INDEX standing_open ON standing (bureau, precedence, position, accepted_at) WHERE state IN ({Waiting}, {Quarantined});
        CREATE TABLE tally (
            bureau TEXT NOT NULL,
            precedence INTEGER NOT NULL,
            state INTEGER NOT NULL,
            deliveries INTEGER NOT NULL,
            PRIMARY KEY (bureau, precedence, state)) STRICT, WITHOUT ROWID;
        """;

    public static Projection Projection { get; } = new("board", 1, Schema, session => new Writer(session));

    /// <summary>The board as the rows say it; nobody knows here who attends.</summary>
    public static Board Read(ReadModelSession session)
    {
        session.Execute("BEGIN");
        try
        {
            var board = new Board { Position = Checkpoint.Read(session).Position.Value };
            foreach (var (bureau, precedence, state, count) in session.Prepare("SELECT bureau, precedence, state, deliveries FROM tally ORDER BY bureau, precedence, state")
                         .All(row => (row.Text(0), (Precedence)row.Number(1), (DeliveryState)row.Number(2), (ulong)row.Number(3))))
            {
                if (board.Rows is not [.., var last] || last.Bureau != bureau || last.Precedence != precedence)
                    board.Rows.Add(last = new BoardRow { Bureau = bureau, Precedence = precedence, OldestWaitingAt = Oldest(session, bureau, precedence) });
                Count(last, state, count);
            }

            return board;
        }
        finally
        {
            session.Execute("COMMIT");
        }
    }

    private static Google.Protobuf.WellKnownTypes.Timestamp? Oldest(ReadModelSession session, string bureau, Precedence precedence)
    {
        var oldest = session.Prepare(
                $"""
                SELECT accepted_at FROM standing WHERE bureau = ?1 AND precedence = ?2 AND state IN ({Waiting}, {Quarantined}) ORDER BY position LIMIT 1
                """)
            .Bind(1, bureau).Bind(2, (long)precedence).All(row => row.Number(0));
        return RowText.Timestamp(oldest is [var ticks] ? ticks : null);
    }

    private static void Count(BoardRow row, DeliveryState state, ulong count)
    {
        switch (state)
        {
            case DeliveryState.Waiting: row.Waiting += count; break;
            case DeliveryState.Delivered: row.Delivered += count; break;
            case DeliveryState.Refused: row.Refused += count; break;
            case DeliveryState.Quarantined: row.Quarantined += count; break;
            case DeliveryState.Expired: row.Expired += count; break;
            case DeliveryState.Recalled: row.Recalled += count; break;
            case DeliveryState.Redirected: row.Redirected += count; break;
            case DeliveryState.Opened:
                row.Opened += count;
                row.Delivered += count;
                break;
            default: break; // ended otherwise: the board has no column for it
        }
    }

    private sealed class Writer : IRowWriter
    {
        private readonly Reactions _reactions;
        private readonly Statement _insert;
        private readonly Statement _find;
        private readonly Statement _move;
        private readonly Statement _count;
        private readonly Dictionary<(string Bureau, long Precedence, DeliveryState State), long> _changes = [];

        public Writer(ReadModelSession session)
        {
            _insert = session.Prepare("INSERT INTO standing VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
            _find = session.Prepare("SELECT precedence, state FROM standing WHERE message = ?1 AND bureau = ?2");
            _move = session.Prepare("UPDATE standing SET state = ?3 WHERE message = ?1 AND bureau = ?2");
            _count = session.Prepare(
                "INSERT INTO tally VALUES (?1, ?2, ?3, ?4) ON CONFLICT (bureau, precedence, state) DO UPDATE SET deliveries = deliveries + ?4");
            _reactions = new Reactions()
                .On<Accepted>(Accept)
                .On<Delivered>((_, e) => Move(e.MessageId, e.Recipient, DeliveryState.Delivered))
                .On<Opened>((_, e) => Move(e.MessageId, e.Recipient, DeliveryState.Opened))
                .On<Refused>((_, e) => Move(e.MessageId, e.Recipient, DeliveryState.Refused))
                .On<Expired>((_, e) => Move(e.MessageId, e.Recipient, DeliveryState.Expired))
                .On<RefusedByOperator>((_, e) => Move(e.MessageId, e.Recipient, DeliveryState.Refused))
                .On<Released>((_, e) => Move(e.MessageId, e.Recipient, DeliveryState.Waiting))
                .On<Recalled>((_, e) => Move(e.MessageId, e.Recipient, DeliveryState.Recalled))
                .On<Redirected>(Redirect)
                .On<V1.Quarantined>((_, e) => Move(e.MessageId, e.Recipient, DeliveryState.Quarantined));
        }

        public void Apply(RecordedEvent recorded) => _reactions.Apply(recorded);

        public void Flush()
        {
            // Also a change of 0 writes its row: which rows there are must not depend on where a batch ends.
            foreach (var ((bureau, precedence, state), change) in _changes)
                _count.Bind(1, bureau).Bind(2, precedence).Bind(3, (long)state).Bind(4, change).Run();
            _changes.Clear();
        }

        private void Accept(RecordedEvent recorded, Accepted accepted)
        {
            var id = RowText.Required(accepted.Content.MessageId);
            var precedence = (long)accepted.Content.Precedence;
            foreach (var recipient in accepted.Recipients)
                Insert(recorded, id, recipient, precedence, RowText.Ticks(accepted.AcceptedAt) ?? 0);
        }

        private void Redirect(RecordedEvent recorded, Redirected e)
        {
            var id = RowText.Required(e.MessageId);
            _find.Bind(1, id).Bind(2, e.Recipient);
            var open = _find.Step() && (DeliveryState)_find.Number(1) is DeliveryState.Waiting or DeliveryState.Quarantined;
            _find.Reset();
            // What was delivered stays so; then the alternate has a copy.
            if (open) Move(e.MessageId, e.Recipient, DeliveryState.Redirected);
            Insert(recorded, id, e.To, (long)e.Precedence, RowText.Ticks(e.At) ?? 0);
        }

        private void Insert(RecordedEvent recorded, byte[] id, string bureau, long precedence, long since)
        {
            _insert.Bind(1, id).Bind(2, bureau).Bind(3, precedence).Bind(4, Waiting).Bind(5, (long)recorded.Position.Value).Bind(6, since).Run();
            Change(bureau, precedence, DeliveryState.Waiting, 1);
        }

        private void Move(string messageId, string bureau, DeliveryState to)
        {
            var id = RowText.Required(messageId);
            _find.Bind(1, id).Bind(2, bureau);
            var known = _find.Step();
            var (precedence, from) = known ? (_find.Number(0), (DeliveryState)_find.Number(1)) : default;
            _find.Reset();
            // A delivery that nobody accepted would be a fault of another room; the counts do not guess. What ended stays so, whatever comes too late.
            if (!known || from == to || from is DeliveryState.Expired or DeliveryState.Recalled or DeliveryState.Refused or DeliveryState.Redirected) return;
            _move.Bind(1, id).Bind(2, bureau).Bind(3, (long)to).Run();
            Change(bureau, precedence, from, -1);
            Change(bureau, precedence, to, 1);
        }

        private void Change(string bureau, long precedence, DeliveryState state, long by) =>
            CollectionsMarshal.GetValueRefOrAddDefault(_changes, (bureau, precedence, state), out _) += by;
    }
}
