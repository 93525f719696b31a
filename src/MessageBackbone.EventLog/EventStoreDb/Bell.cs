namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Rings when there may be something new: an event, or a fault that a waiting reader must see.</summary>
internal sealed class Bell
{
    private TaskCompletionSource _next = NewRing();

    /// <summary>The next ring. To be taken before one looks: what comes in between then rings it.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Ring() => Interlocked.Exchange(ref _next, NewRing()).TrySetResult();

    private static TaskCompletionSource NewRing() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
