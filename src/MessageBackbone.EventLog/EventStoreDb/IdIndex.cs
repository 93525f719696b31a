using MessageBackbone.EventLog.Sqlite;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Where each event id is: in a file for what was followed, in memory for what this process appended since.</summary>
/// <remarks>The file can be made again from the log at any time. Every member may be called from any number of callers at once.</remarks>
internal sealed class IdIndex : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Place> _recent = [];
    private readonly SqliteSession _session;
    private readonly SqliteStatement _byId;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _flag;
    private readonly SqliteStatement _unflag;
    private readonly SqliteStatement _move;

    public IdIndex(SqliteSession session)
    {
        _session = session;
        _byId = session.Prepare("SELECT position FROM ids WHERE id = ?1");
        // Of an id that is in the log twice, which only another program can have done, the first counts.
        _insert = session.Prepare("INSERT OR IGNORE INTO ids (id, position) VALUES (?1, ?2)");
        _flag = session.Prepare("INSERT INTO objections (stream, what) VALUES (?1, ?2) ON CONFLICT (stream) DO UPDATE SET what = excluded.what");
        _unflag = session.Prepare("DELETE FROM objections WHERE stream = ?1");
        _move = session.Prepare("UPDATE followed SET position = ?1, id = ?2");
        using var followed = session.Prepare("SELECT position, id FROM followed");
        if (!followed.Step()) return;
        Followed = (ulong)followed.Number(0);
        FollowedId = new(followed.Bytes(1), bigEndian: true);
    }

    /// <summary>The position up to which the file knows every event.</summary>
    public ulong Followed { get; private set; }

    /// <summary>The id of the event there.</summary>
    public Guid FollowedId { get; private set; }

    /// <summary>Appended ids that the file does not hold yet.</summary>
    public int Recent
    {
        get
        {
            lock (_gate) return _recent.Count;
        }
    }

    /// <summary>Where an id is: its whole place, or its position alone, or neither.</summary>
    public (Place? Place, ulong? Position) Find(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        lock (_gate)
        {
            if (_recent.TryGetValue(id, out var place)) return (place, null);
            ulong? position = _byId.Bind(1, bytes).Step() ? (ulong)_byId.Number(0) : null;
            _byId.Reset();
            return (null, position);
        }
    }

    /// <summary>Whether the log is known to hold this event at this position.</summary>
    public bool Holds(Guid id, ulong position) => Find(id) is var (place, at) && (at ?? place?.Position) == position;

    /// <summary>An append of this process was answered. Known from here on, whether or not it was followed yet.</summary>
    public void Remember(StreamId stream, ulong lastRevision, ulong lastPosition, IReadOnlyList<NewEvent> events)
    {
        lock (_gate)
        {
            if (lastPosition <= Followed) return;
            for (var i = 0; i < events.Count; i++)
                _recent[events[i].EventId] = new(stream, lastRevision - (ulong)(events.Count - 1 - i), i, events.Count, lastPosition);
        }
    }

    /// <summary>Takes in what was read after <see cref="Followed"/>, in one transaction.</summary>
    public void Take(IReadOnlyList<StoredEvent> events, IReadOnlyList<(string Stream, string? What)> objections, (ulong Position, Guid Id) upTo)
    {
        Span<byte> id = stackalloc byte[16];
        lock (_gate)
        {
            _session.Execute("BEGIN IMMEDIATE");
            try
            {
                foreach (var stored in events)
                {
                    stored.Event.EventId.TryWriteBytes(id, bigEndian: true, out _);
                    _insert.Bind(1, id).Bind(2, (long)stored.Event.Position.Value).Run();
                }

                foreach (var (stream, what) in objections)
                {
                    if (what is null) _unflag.BindText(1, stream).Run();
                    else _flag.BindText(1, stream).BindText(2, what).Run();
                }

                upTo.Id.TryWriteBytes(id, bigEndian: true, out _);
                _move.Bind(1, (long)upTo.Position).Bind(2, id).Run();
                _session.Execute("COMMIT");
            }
            catch
            {
                if (_session.InTransaction) _session.Execute("ROLLBACK");
                throw;
            }

            (Followed, FollowedId) = upTo;
            foreach (var (recent, place) in _recent)
                if (place.Position <= upTo.Position) _recent.Remove(recent);
        }
    }

    /// <summary>What stands against the log's promises, the first few by the name of their stream, and how many there are.</summary>
    public (IReadOnlyList<string> First, long Count) Objections()
    {
        lock (_gate)
        {
            using var first = _session.Prepare("SELECT stream || ': ' || what FROM objections ORDER BY stream LIMIT 5");
            var texts = new List<string>();
            while (first.Step()) texts.Add(System.Text.Encoding.UTF8.GetString(first.Bytes(0)));
            return (texts, _session.Number("SELECT count(*) FROM objections"));
        }
    }

    public void Dispose()
    {
        lock (_gate) _session.Dispose();
    }
}

/// <summary>Where an event is, and which part of its append it is. Of an append's earlier parts the position is that of the last.</summary>
internal readonly record struct Place(StreamId Stream, ulong Revision, int Part, int Parts, ulong Position);
