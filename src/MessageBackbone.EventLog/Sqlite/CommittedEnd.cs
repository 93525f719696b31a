namespace MessageBackbone.EventLog.Sqlite;

/// <summary>The position of the last committed event, and the bell that rings when it moves. Written by the writer only.</summary>
internal sealed class CommittedEnd
{
    private long _position;
    private Exception? _closed;
    private TaskCompletionSource _moved = NewBell();

    public long Position => Volatile.Read(ref _position);

    public void Move(long position)
    {
        Volatile.Write(ref _position, position);
        Interlocked.Exchange(ref _moved, NewBell()).TrySetResult();
    }

    /// <summary>Nothing will be committed any more: everyone who waits, or will, gets <paramref name="reason"/>.</summary>
    public void Close(Exception reason)
    {
        Volatile.Write(ref _closed, reason);
        Interlocked.Exchange(ref _moved, NewBell()).TrySetResult();
    }

    /// <summary>Returns the end once it is beyond <paramref name="position"/>.</summary>
    public async ValueTask<long> BeyondAsync(LogPosition position, CancellationToken cancellationToken)
    {
        while (true)
        {
            // The bell is taken before the look: a move between the two rings this bell, so none is missed.
            var moved = Volatile.Read(ref _moved).Task;
            cancellationToken.ThrowIfCancellationRequested();
            if (Volatile.Read(ref _closed) is { } reason) throw new EventLogUnavailableException(reason.Message, reason);
            if (Position is var end && (ulong)end > position.Value) return end;
            await moved.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
