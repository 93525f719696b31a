namespace MessageBackbone.Fixtures;

/// <summary>The system's clock, moved: timers run as always, the time that is told can be set ahead.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long _ticks;
    private long _elapsed;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

    public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _elapsed);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    /// <summary>As if this time had passed for what measures time, which no setting of a clock changes.</summary>
    public void Elapse(TimeSpan by) => Interlocked.Add(ref _elapsed, (long)Math.Round(by.TotalSeconds * TimestampFrequency));
}
