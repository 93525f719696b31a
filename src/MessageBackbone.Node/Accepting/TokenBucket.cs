namespace MessageBackbone.Node.Accepting;

/// <summary>
/// One quota's account. It is kept as the time at which it will be full again, in whole ticks of the clock that nobody can set, so the wait that is told is
/// exact: after it, one fits. Full at the beginning. Safe for concurrent use.
/// </summary>
internal sealed class TokenBucket
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly long _each;
    private readonly long _credit;
    private long _fullAt;

    public TokenBucket(Quota quota, TimeProvider clock)
    {
        _clock = clock;
        _each = Math.Max(1, (long)Math.Ceiling(clock.TimestampFrequency / quota.PerSecond));
        _credit = _each * (quota.Burst - 1);
        _fullAt = clock.GetTimestamp();
    }

    /// <summary>Zero: one is taken. Otherwise nothing is, and this is the time after which one fits if nobody else takes it.</summary>
    public TimeSpan Take()
    {
        lock (_lock)
        {
            var now = _clock.GetTimestamp();
            var early = _fullAt - _credit - now;
            if (early > 0)
            {
                return TimeSpan.FromTicks((long)Math.Ceiling(early * ((double)TimeSpan.TicksPerSecond / _clock.TimestampFrequency)));
            }

            _fullAt = Math.Max(_fullAt, now) + _each;
            return TimeSpan.Zero;
        }
    }

    /// <summary>What was taken was not used.</summary>
    public void GiveBack()
    {
        lock (_lock)
        {
            _fullAt -= _each;
        }
    }
}
