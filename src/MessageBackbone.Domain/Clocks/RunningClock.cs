namespace MessageBackbone.Domain.Clocks;

/// <summary>A clock that was started, may be paused, and stops for good. It counts elapsed time: no calendar, no time zone. Time comes from outside, so
/// nothing here ticks.</summary>
/// <param name="StartedAt">When it began to count.</param>
/// <param name="Paused">How long it stood still before the present pause.</param>
/// <param name="PausedSince">The present pause; null: it counts.</param>
/// <param name="StoppedAt">Null: it was not stopped.</param>
public sealed record RunningClock(DateTimeOffset StartedAt, TimeSpan Paused = default, DateTimeOffset? PausedSince = null, DateTimeOffset? StoppedAt = null)
{
    /// <summary>It counts now.</summary>
    public bool Runs => PausedSince is null && StoppedAt is null;

    /// <summary>What it shows at <paramref name="now"/>: never less than nothing, whatever a clock that was set back says.</summary>
    public TimeSpan Elapsed(DateTimeOffset now)
    {
        var until = StoppedAt is { } stopped && stopped < now ? stopped : now;
        if (PausedSince is { } since && since < until) until = since;
        var elapsed = until - StartedAt - Paused;
        return elapsed > TimeSpan.Zero ? elapsed : TimeSpan.Zero;
    }

    /// <summary>When it will show <paramref name="elapsed"/>; null: not as it stands, it is paused or stopped, or that is beyond all days.</summary>
    public DateTimeOffset? Reaches(TimeSpan elapsed)
    {
        if (!Runs) return null;
        var ahead = Paused + elapsed;
        return ahead <= DateTimeOffset.MaxValue - StartedAt ? StartedAt + ahead : null;
    }

    /// <summary>A pause that has begun already goes on.</summary>
    public RunningClock Pause(DateTimeOffset at) => Runs ? this with { PausedSince = at } : this;

    public RunningClock Resume(DateTimeOffset at) => PausedSince is { } since && StoppedAt is null
        ? this with { Paused = Paused + (at > since ? at - since : TimeSpan.Zero), PausedSince = null }
        : this;

    /// <summary>The first stop counts.</summary>
    public RunningClock Stop(DateTimeOffset at) => StoppedAt is null ? this with { StoppedAt = at } : this;
}
