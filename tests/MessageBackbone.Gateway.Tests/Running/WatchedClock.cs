namespace MessageBackbone.Gateway.Tests.Running;

/// <summary>The system's clock, which tells when a pause of a certain length is asked of it.</summary>
internal sealed class WatchedClock(TimeSpan awaited) : TimeProvider
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Asked => _asked.Task;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == awaited) _asked.TrySetResult();
        return base.CreateTimer(callback, state, dueTime, period);
    }
}
