namespace MessageBackbone.Node.Tests;

/// <summary>A clock that stands still until it is moved. It wakes nobody.</summary>
internal sealed class HandClock : TimeProvider
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private TimeSpan _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond * 100;

    public override DateTimeOffset GetUtcNow() => Start + _passed;

    public override long GetTimestamp() => 1_000_000_000_000 + (_passed.Ticks * 100);

    public void Pass(TimeSpan time) => _passed += time;
}
