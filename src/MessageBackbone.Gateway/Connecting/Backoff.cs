namespace MessageBackbone.Gateway.Connecting;

/// <summary>
/// Pauses between attempts: the ceiling doubles from <paramref name="first"/> to <paramref name="max"/>, and the pause is drawn evenly between half of the
/// ceiling and the ceiling, so that gateways which lost the same node do not come back in one wave. Not for concurrent use.
/// </summary>
internal sealed class Backoff(TimeSpan first, TimeSpan max, Random jitter)
{
    private int _failures;

    /// <summary>The next pause; counts one failure.</summary>
    public TimeSpan Next()
    {
        var doublings = Math.Min(_failures++, 30);
        var ceiling = Math.Min(first.TotalMilliseconds * Math.Pow(2, doublings), max.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(ceiling * (0.5 + (0.5 * jitter.NextDouble())));
    }

    /// <summary>An attempt went well: the next pause is the first one again.</summary>
    public void Reset() => _failures = 0;
}
