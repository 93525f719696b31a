using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>The newest pages of the log, read once for all who follow it: at the end of the log they all ask for the same.</summary>
/// <remarks>What a page holds never changes, so it may be kept; that there is nothing after a place is never kept. Bounded by <see cref="Kept"/> pages.</remarks>
internal sealed class SharedPages(ServerReader reader, StreamNames names)
{
    /// <summary>Pages that are kept at most.</summary>
    public const int Kept = 8;

    private readonly Lock _gate = new();
    private readonly Queue<ulong> _order = new();
    private readonly Dictionary<ulong, LogPage> _pages = [];
    private readonly Dictionary<ulong, (long Ticket, Task<LogPage> Reading)> _readings = [];
    private long _tickets;

    /// <summary>The page after a position, and whether there may be more behind it: no only when a reading that began after this call says so.</summary>
    public async Task<(LogPage Page, bool More)> AfterAsync(ulong position, CancellationToken cancellationToken)
    {
        long mine;
        lock (_gate) mine = ++_tickets;
        while (true)
        {
            var (ticket, reading) = Reading(position);
            var page = await reading.WaitAsync(cancellationToken);
            // What rang for this caller may have come after a reading that began before.
            if (ticket > mine) return (page, page.More);
            if (page.Events.Count > 0) return (page, true);
        }
    }

    /// <summary>The event at a position, when one of the kept pages holds it.</summary>
    public StoredEvent? Find(ulong position)
    {
        lock (_gate)
        {
            foreach (var page in _pages.Values)
                if (page.First <= position && position <= page.Last) return page.Find(position);
            return null;
        }
    }

    private (long Ticket, Task<LogPage> Reading) Reading(ulong position)
    {
        lock (_gate)
        {
            if (_pages.TryGetValue(position, out var page)) return (0, Task.FromResult(page));
            if (_readings.TryGetValue(position, out var under)) return under;
            // For all who wait, so no caller's token ends it; the call's own deadline does.
            return _readings[position] = (++_tickets, Task.Run(() => ReadAsync(position)));
        }
    }

    private async Task<LogPage> ReadAsync(ulong position)
    {
        LogPage? page = null;
        try
        {
            var (events, more) = await reader.AllAsync(position, names.OursAndTheirMetadata, CancellationToken.None);
            return page = new(events, names, more);
        }
        finally
        {
            lock (_gate)
            {
                _readings.Remove(position);
                if (page is { Events.Count: > 0 }) Keep(position, page);
            }
        }
    }

    private void Keep(ulong position, LogPage page)
    {
        if (!_pages.TryAdd(position, page)) return;
        _order.Enqueue(position);
        if (_order.Count > Kept) _pages.Remove(_order.Dequeue());
    }
}

/// <summary>A page of the log as the server answered it: the log's own events, and what is said about its streams.</summary>
/// <param name="more">Whether there was more at that time.</param>
internal sealed class LogPage(List<ReadResp.Types.ReadEvent> events, StreamNames names, bool more)
{
    private readonly StoredEvent?[] _stored = [.. events.Select(answer => StoredEvent.Read(answer, names))];

    public IReadOnlyList<ReadResp.Types.ReadEvent> Events => events;

    /// <summary>Of each event of <see cref="Events"/>, what it is as the log's own; null: it is none.</summary>
    public IReadOnlyList<StoredEvent?> Stored => _stored;

    public bool More => more;

    public ulong First => events[0].CommitPosition;

    public ulong Last => events[^1].CommitPosition;

    public StoredEvent? Find(ulong position) => Array.Find(_stored, stored => stored?.Event.Position.Value == position);
}
