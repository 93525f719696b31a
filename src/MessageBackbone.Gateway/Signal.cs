namespace MessageBackbone.Gateway;

/// <summary>Tells everybody who waits that there is something to do.</summary>
internal sealed class Signal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _next = Fresh();

    /// <summary>Ends at the next signal; ask before looking into the store.</summary>
    public Task Next()
    {
        lock (_gate) return _next.Task;
    }

    public void Give()
    {
        TaskCompletionSource given;
        lock (_gate) (given, _next) = (_next, Fresh());
        given.SetResult();
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
