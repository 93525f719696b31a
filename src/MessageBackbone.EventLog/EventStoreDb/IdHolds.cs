namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Event ids of appends under way: the same id is not sent to a second stream before the first append is answered.</summary>
internal sealed class IdHolds
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Hold> _held = [];

    /// <summary>Returns when no other append holds one of these ids; they are held until what is returned is disposed.</summary>
    public async ValueTask<IDisposable> TakeAsync(IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        var mine = new Hold(this, events);
        while (TryHold(mine) is { } other) await other.Ended.WaitAsync(cancellationToken);
        return mine;
    }

    private Hold? TryHold(Hold mine)
    {
        lock (_gate)
        {
            foreach (var e in mine.Events)
                if (_held.TryGetValue(e.EventId, out var other)) return other;
            foreach (var e in mine.Events) _held.Add(e.EventId, mine);
            return null;
        }
    }

    private void Release(Hold mine)
    {
        lock (_gate)
        {
            foreach (var e in mine.Events) _held.Remove(e.EventId);
        }
    }

    private sealed class Hold(IdHolds holds, IReadOnlyList<NewEvent> events) : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyList<NewEvent> Events => events;

        public Task Ended => _ended.Task;

        public void Dispose()
        {
            holds.Release(this);
            _ended.TrySetResult();
        }
    }
}
