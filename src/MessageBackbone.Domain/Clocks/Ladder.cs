namespace MessageBackbone.Domain.Clocks;

/// <summary>One step, and what the clock must show before it may be taken.</summary>
public readonly record struct Rung<TStep>(TStep Step, TimeSpan After)
    where TStep : struct, Enum;

/// <summary>Steps that are taken one after the other as a clock goes on: each once, in their order, none before its time, none after the clock stopped.</summary>
/// <remarks>Which were taken is for the caller to remember: the log has it.</remarks>
public sealed class Ladder<TStep>
    where TStep : struct, Enum
{
    /// <exception cref="ArgumentException">A rung is lower than the one before it, or a step stands there twice.</exception>
    public Ladder(IEnumerable<Rung<TStep>> rungs)
    {
        Rungs = [.. rungs];
        if (Rungs.Zip(Rungs.Skip(1)).Any(pair => pair.Second.After < pair.First.After))
            throw new ArgumentException("A later step is not due before an earlier one.", nameof(rungs));
        if (Rungs.DistinctBy(rung => rung.Step).Count() != Rungs.Count)
            throw new ArgumentException("A step is taken once.", nameof(rungs));
    }

    /// <summary>In the order in which they are taken.</summary>
    public IReadOnlyList<Rung<TStep>> Rungs { get; }

    /// <summary>The first step that is not taken; null: the ladder is at its end.</summary>
    public Rung<TStep>? Next(IReadOnlyCollection<TStep> taken)
    {
        foreach (var rung in Rungs)
            if (!taken.Contains(rung.Step)) return rung;
        return null;
    }

    /// <summary>When the next step is due, exactly; null: never, as the clock stands.</summary>
    public DateTimeOffset? NextDue(RunningClock clock, IReadOnlyCollection<TStep> taken) =>
        Next(taken) is { } rung ? clock.Reaches(rung.After) : null;

    /// <summary>The step to take now; null: none. After it was taken, ask again: another one may be due as well.</summary>
    public Rung<TStep>? Due(RunningClock clock, IReadOnlyCollection<TStep> taken, DateTimeOffset now) =>
        NextDue(clock, taken) is { } due && due <= now ? Next(taken) : null;
}
