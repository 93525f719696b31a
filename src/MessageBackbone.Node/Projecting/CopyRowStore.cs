using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>Reads and writes the copies of <c>messages</c>, for their one writer. What changes is gathered and written once a batch: most copies are waiting
/// and delivered in the same one while rows are made again, and never touch the indexes of what waits.</summary>
internal sealed class CopyRowStore
{
    private const int Remembered = 10_000;
    private readonly Statement _message, _find, _insert, _update, _name;
    private readonly List<CopyRow> _changed = [];
    private Dictionary<Guid, Known> _young = [], _old = [];

    public CopyRowStore(ReadModelSession session)
    {
        _message = session.Prepare("SELECT position, accepted_at FROM message WHERE id = ?1");
        _find = session.Prepare("SELECT precedence, state, late, clock FROM copy WHERE bureau = ?1 AND accepted_at = ?2 AND message = ?3");
        _insert = session.Prepare("INSERT INTO copy VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        _update = session.Prepare("UPDATE copy SET state = ?4, late = ?5, clock = ?6 WHERE bureau = ?1 AND accepted_at = ?2 AND message = ?3");
        _name = session.Prepare("UPDATE message SET bureaus = json_insert(bureaus, '$[#]', ?2) WHERE position = ?1");
    }

    public void Begin(Guid id, long position, long acceptedAt, MessageHeader header, IEnumerable<string> bureaus)
    {
        var known = _young[id] = new Known(position, acceptedAt);
        foreach (var bureau in bureaus) Add(known, bureau, (long)header.Precedence, CopyRow.Starts(header));
    }

    /// <summary>A copy that nobody accepted would be a fault of another room: nothing is changed.</summary>
    public void Change(string messageId, string bureau, Action<CopyRow> change)
    {
        if (Message(messageId) is not { } message || Find(message, bureau) is not { } copy) return;
        change(copy);
        Note(copy);
    }

    public void Redirect(Redirected e)
    {
        if (Message(e.MessageId) is not { } message) return;
        var untilOpened = ServiceClocks.StopsAtOpened(e.Precedence, "");
        if (Find(message, e.Recipient) is { } copy)
        {
            if (copy.Clock != CopyClock.Stopped) untilOpened = copy.Clock != CopyClock.UntilDelivered;
            copy.Leave();
            Note(copy);
        }

        if (Find(message, e.To) is not null) return;
        Add(message, e.To, (long)e.Precedence, CopyRow.Starts(untilOpened));
        _name.Bind(1, message.Position).Bind(2, e.To).Run();
    }

    public void Flush()
    {
        foreach (var copy in _changed) Write(copy);
        _changed.Clear();
        if (_young.Count < Remembered) return;
        (_old, _young) = (_young, []);
    }

    private void Add(Known message, string bureau, long precedence, CopyClock clock)
    {
        var copy = message.Copies[bureau] = new CopyRow(bureau, message.AcceptedAt, message.Position, precedence) { Clock = clock };
        Note(copy);
    }

    private void Note(CopyRow copy)
    {
        if (copy.Changed) return;
        copy.Changed = true;
        _changed.Add(copy);
    }

    private void Write(CopyRow copy)
    {
        if (copy.Stored)
            _update.Bind(1, copy.Bureau).Bind(2, copy.AcceptedAt).Bind(3, copy.Message)
                .Bind(4, (long)copy.State).Bind(5, copy.Late ? 1 : 0).Bind(6, (long)copy.Clock).Run();
        else
            _insert.Bind(1, copy.Bureau).Bind(2, copy.AcceptedAt).Bind(3, copy.Message).Bind(4, copy.Precedence)
                .Bind(5, (long)copy.State).Bind(6, copy.Late ? 1 : 0).Bind(7, (long)copy.Clock).Run();
        (copy.Stored, copy.Changed) = (true, false);
    }

    private Known? Message(string messageId)
    {
        var id = RowText.Key(messageId);
        if (_young.TryGetValue(id, out var known) || _old.TryGetValue(id, out known)) return known;
        _message.Bind(1, id.ToByteArray(bigEndian: true));
        known = _message.Step() ? new Known(_message.Number(0), _message.Number(1)) : null;
        _message.Reset();
        // Also where it is read: within a batch there is one object for a copy, or a change would be lost.
        if (known is not null) _young[id] = known;
        return known;
    }

    private CopyRow? Find(Known message, string bureau)
    {
        if (message.Copies.TryGetValue(bureau, out var copy)) return copy;
        _find.Bind(1, bureau).Bind(2, message.AcceptedAt).Bind(3, message.Position);
        copy = _find.Step()
            ? new CopyRow(bureau, message.AcceptedAt, message.Position, _find.Number(0))
            {
                State = (DeliveryState)_find.Number(1),
                Late = _find.Number(2) == 1,
                Clock = (CopyClock)_find.Number(3),
                Stored = true,
            }
            : null;
        _find.Reset();
        if (copy is not null) message.Copies[bureau] = copy;
        return copy;
    }

    private sealed record Known(long Position, long AcceptedAt)
    {
        public Dictionary<string, CopyRow> Copies { get; } = new(1, StringComparer.Ordinal);
    }
}
