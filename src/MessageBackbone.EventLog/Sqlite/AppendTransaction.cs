namespace MessageBackbone.EventLog.Sqlite;

/// <summary>The append contract on one connection, inside one transaction: looks, decides, inserts. Knows nothing of groups and callers.</summary>
internal sealed class AppendTransaction : IDisposable
{
    private readonly SqliteSession _session;
    private readonly SqliteStatement _head;
    private readonly SqliteStatement _byId;
    private readonly SqliteStatement _insert;
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;

    public AppendTransaction(SqliteSession session)
    {
        _session = session;
        _head = session.Prepare(Sql.Head);
        _byId = session.Prepare(Sql.ById);
        _insert = session.Prepare(Sql.Insert);
        _begin = session.Prepare("BEGIN IMMEDIATE");
        _commit = session.Prepare("COMMIT");
    }

    public SqliteSession Session => _session;

    public long End => _session.Number(Sql.End);

    public void Begin() => _begin.Run();

    public void Commit() => _commit.Run();

    public void RollBack()
    {
        // SQLite has rolled back by itself after some errors, a full disk among them.
        if (_session.InTransaction) _session.Execute("ROLLBACK");
    }

    public AppendOutcome Append(PendingAppend append)
    {
        var known = Known(append);
        if (known is { IsRepeat: true, Outcome: { } first }) return first;
        var head = Head(append.Stream);
        if (known.IsOverlap || !append.Expected.Allows(head)) return new AppendOutcome.Conflict(head);
        return Insert(append, head is { } last ? last.Value + 1 : 0);
    }

    public void Dispose() => _session.Dispose();

    private AppendOutcome.Appended Insert(PendingAppend append, ulong revision)
    {
        Span<byte> id = stackalloc byte[16];
        for (var i = 0; i < append.Events.Count; i++)
        {
            var e = append.Events[i];
            e.EventId.TryWriteBytes(id, bigEndian: true, out _);
            _insert.BindName(1, append.Stream.Value).Bind(2, (long)revision + i).Bind(3, id).Bind(4, PartOf(i, append.Events.Count))
                .BindName(5, e.Type).Bind(6, e.RecordedAt.UtcTicks).Bind(7, e.Data.Span).Bind(8, e.Metadata.Span).Run();
        }

        return new(new(revision + (ulong)append.Events.Count - 1), new((ulong)_session.LastInsertedPosition));
    }

    private StreamRevision? Head(StreamId stream)
    {
        var found = _head.BindName(1, stream.Value).Step() && !_head.IsNull(0);
        StreamRevision? head = found ? new((ulong)_head.Number(0)) : null;
        _head.Reset();
        return head;
    }

    /// <summary>Looks for the append's ids in the log: none, the same append, or any other overlap.</summary>
    private (bool IsOverlap, bool IsRepeat, AppendOutcome? Outcome) Known(PendingAppend append)
    {
        var found = 0;
        var inPlace = 0;
        var first = 0UL;
        AppendOutcome? outcome = null;
        for (var i = 0; i < append.Events.Count; i++)
        {
            if (Find(append.Events[i].EventId, append.Stream) is not { } at) continue;
            if (found++ == 0) first = at.Revision - (ulong)i;
            if (at.SameStream && at.Part == PartOf(i, append.Events.Count) && at.Revision == first + (ulong)i) inPlace++;
            outcome = new AppendOutcome.Appended(new(at.Revision), new((ulong)at.Position));
        }

        var isRepeat = inPlace == append.Events.Count && append.Expected.Names(new(first));
        return (found > 0, isRepeat, outcome);
    }

    private (long Position, bool SameStream, ulong Revision, int Part)? Find(Guid eventId, StreamId stream)
    {
        Span<byte> id = stackalloc byte[16];
        eventId.TryWriteBytes(id, bigEndian: true, out _);
        (long, bool, ulong, int)? found = null;
        if (_byId.Bind(1, id).Step())
            found = (_byId.Number(0), System.Text.Ascii.Equals(_byId.Bytes(1), stream.Value), (ulong)_byId.Number(2), (int)_byId.Number(3));
        _byId.Reset();
        return found;
    }

    private static int PartOf(int index, int count) =>
        count == 1 ? Sql.Whole : index == 0 ? Sql.First : index == count - 1 ? Sql.Last : Sql.Middle;
}
