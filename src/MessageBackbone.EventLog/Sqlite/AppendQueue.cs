namespace MessageBackbone.EventLog.Sqlite;

/// <summary>One caller's append on its way to the writer.</summary>
internal sealed class PendingAppend(StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, int bytes)
    : TaskCompletionSource<AppendOutcome>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StreamId Stream { get; } = stream;

    public ExpectedRevision Expected { get; } = expected;

    public IReadOnlyList<NewEvent> Events { get; } = events;

    public int Bytes { get; } = bytes;

    /// <summary>What was decided in the transaction; told to the caller only after the commit.</summary>
    public AppendOutcome? Decided { get; set; }
}

/// <summary>Bounded, first in first out, many callers, one writer thread. Callers wait without a thread; the writer waits with its own.</summary>
internal sealed class AppendQueue(SqliteEventLogOptions options) : IDisposable
{
    private readonly SemaphoreSlim _places = new(options.QueuedAppends, options.QueuedAppends);
    private readonly Queue<PendingAppend> _queue = new();
    private bool _closed;

    /// <summary>Cancellation counts until this returns, and not after.</summary>
    public async ValueTask EnqueueAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        lock (_queue)
        {
            if (!_closed)
            {
                _queue.Enqueue(append);
                Monitor.Pulse(_queue);
                return;
            }
        }

        _places.Release();
        throw Closed();
    }

    /// <summary>Waits for appends and moves the next group into <paramref name="group"/>. False: closed, and nothing is left.</summary>
    public bool Take(List<PendingAppend> group)
    {
        lock (_queue)
        {
            while (_queue.Count == 0)
            {
                if (_closed) return false;
                Monitor.Wait(_queue);
            }

            var bytes = 0L;
            while (group.Count < options.GroupAppends && _queue.TryPeek(out var next))
            {
                bytes += next.Bytes;
                if (group.Count > 0 && bytes > options.GroupBytes) break;
                group.Add(_queue.Dequeue());
            }
        }

        _places.Release(group.Count);
        return true;
    }

    /// <summary>Takes no more; what is queued can still be taken. The semaphore stays, so that a late caller is told "closed" and not "disposed"; it
    /// holds nothing of the system.</summary>
    public void Dispose()
    {
        lock (_queue)
        {
            _closed = true;
            Monitor.Pulse(_queue);
        }
    }

    internal static EventLogUnavailableException Closed() => new("The event log is closed.");
}
