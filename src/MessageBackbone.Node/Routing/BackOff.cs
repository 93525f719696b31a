namespace MessageBackbone.Node.Routing;

/// <summary>Waits longer after each failure in a row, with jitter, so that many parties do not come back at one moment.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    private TimeSpan _next;

    public void Reset() => _next = default;

    /// <summary>The time to wait now; the next one is twice as long, up to the longest.</summary>
    public TimeSpan Next()
    {
        var wait = _next < first ? first : _next;
        _next = wait * 2 < longest ? wait * 2 : longest;
        return wait * (0.75 + (Random.Shared.NextDouble() / 2));
    }

    public Task WaitAsync(TimeProvider clock, CancellationToken cancellationToken) => Task.Delay(Next(), clock, cancellationToken);
}
