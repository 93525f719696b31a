using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Clocks;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Requests;

/// <summary>How long an answer may take, and what is done when. Fixed for a clock when it starts.</summary>
/// <param name="Allowed">Elapsed time of the clock; at it the answer is due.</param>
/// <param name="Ladder">Reminders before <paramref name="Allowed"/>, escalations from it on.</param>
public sealed record RequestTerms(TimeSpan Allowed, Ladder<RequestStep> Ladder)
{
    /// <summary>At most this many reminders.</summary>
    public const int MostReminders = 3;

    /// <param name="reminders">Parts of <paramref name="allowed"/>, between 0 and 1, going up; at most <see cref="MostReminders"/>.</param>
    /// <param name="requesterAfter">A part of <paramref name="allowed"/> beyond it.</param>
    /// <param name="operatorAfter">The same, not less.</param>
    /// <exception cref="ArgumentException">They are not so.</exception>
    public static RequestTerms Of(TimeSpan allowed, IReadOnlyList<double> reminders, double requesterAfter, double operatorAfter)
    {
        if (reminders.Count > MostReminders || reminders.Any(part => part is not (> 0 and < 1)))
            throw new ArgumentException($"At most {MostReminders} reminders, each a part between 0 and 1.", nameof(reminders));
        var before = reminders.Select((part, i) => new Rung<RequestStep>(RequestStep.FirstReminder + i, allowed * part));
        return new(allowed, new Ladder<RequestStep>(
        [
            .. before, new(RequestStep.DutyDesk, allowed), new(RequestStep.Requester, allowed * (1 + requesterAfter)),
            new(RequestStep.Operator, allowed * (1 + operatorAfter)),
        ]));
    }

    /// <summary>A step before the deadline.</summary>
    public static bool IsReminder(RequestStep step) => step < RequestStep.DutyDesk;

    /// <summary>As recorded.</summary>
    public static RequestTerms Of(RequestStarted started) => new(
        started.Allowed.ToTimeSpan(), new Ladder<RequestStep>(started.Ladder.Select(rung => new Rung<RequestStep>(rung.Step, rung.After.ToTimeSpan()))));

    /// <summary>The rung to take when the clock stands so, and when it was due; null: none. What a later one makes pointless is passed over: a reminder that
    /// the deadline or the next reminder has overtaken.</summary>
    /// <param name="last">The last step taken; unspecified: none.</param>
    public (Rung<RequestStep> Rung, DateTimeOffset DueAt)? Due(RunningClock clock, RequestStep last, DateTimeOffset now)
    {
        (Rung<RequestStep> Rung, DateTimeOffset DueAt)? found = null;
        foreach (var rung in Ladder.Rungs.Where(rung => rung.Step > last))
        {
            if (clock.Reaches(rung.After) is not { } due || due > now || (found is { } before && !IsReminder(before.Rung.Step))) break;
            found = (rung, due);
        }

        return found;
    }

    /// <summary>When the next step is due, exactly; null: never, as the clock stands.</summary>
    public DateTimeOffset? NextDue(RunningClock clock, RequestStep last) =>
        Ladder.NextDue(clock, [.. Ladder.Rungs.Select(rung => rung.Step).Where(step => step <= last)]);

    internal IEnumerable<RequestRung> Recorded() => Ladder.Rungs.Select(rung => new RequestRung { Step = rung.Step, After = rung.After.ToDuration() });
}
