using System.ComponentModel.DataAnnotations;
using MessageBackbone.Domain.Clocks;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Escalating;

/// <summary>How soon messages are to be where they belong, and what is done when they are not. All defaults are here.</summary>
public sealed class EscalationOptions : IValidatableObject
{
    /// <summary>Default 10 min, until OPENED.</summary>
    [Required] public LevelOptions Flash { get; set; } = LevelOptions.For(Precedence.Flash);

    /// <summary>Default 30 min, until OPENED.</summary>
    [Required] public LevelOptions Immediate { get; set; } = LevelOptions.For(Precedence.Immediate);

    /// <summary>Default 3 h, until DELIVERED.</summary>
    [Required] public LevelOptions Priority { get; set; } = LevelOptions.For(Precedence.Priority);

    /// <summary>Default 6 h, until DELIVERED.</summary>
    [Required] public LevelOptions Routine { get; set; } = LevelOptions.For(Precedence.Routine);

    /// <summary>Bureau → the bureau code that its duty desk reads, like DE → DE-DUTY. A bureau that is not named is told itself.</summary>
    public IDictionary<string, string> DutyDesks { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Bureau → who stands in for it where the sender sealed for nobody: the sender is asked to send it there. Default none.</summary>
    public IDictionary<string, string> Alternates { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Who is called for which steps; no two for the same one. Default none.</summary>
    public IList<CallOptions> Calls { get; set; } = [];

    /// <summary>How long one call may take. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")] public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after its step a call is tried again and again before it is given up. Default 1 h; at most a day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan GiveUpCallsAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest time between two tries of a call. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")] public TimeSpan CallAgainWithin { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the node may sleep over due steps at most: a clock that is set ahead is noticed within this time. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")] public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(10);

    internal LevelOptions Of(Precedence precedence) => precedence switch
    {
        Precedence.Flash => Flash,
        Precedence.Immediate => Immediate,
        Precedence.Priority => Priority,
        _ => Routine,
    };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var (name, level) in (ReadOnlySpan<(string, LevelOptions)>)[(nameof(Flash), Flash), (nameof(Immediate), Immediate), (nameof(Priority), Priority), (nameof(Routine), Routine)])
            if (level.Problem is { } problem) return [new ValidationResult($"Escalation:{name}: {problem}", [name])];
        foreach (var (name, pairs) in (ReadOnlySpan<(string, IDictionary<string, string>)>)[(nameof(DutyDesks), DutyDesks), (nameof(Alternates), Alternates)])
            foreach (var (bureau, other) in pairs)
                if (!BureauCode.TryParse(bureau, out _) || !BureauCode.TryParse(other, out _) || bureau == other)
                    return [new ValidationResult($"Escalation:{name} names for a bureau code another one, like DE: DE-DUTY.", [name])];
        for (var i = 0; i < Calls.Count; i++)
        {
            if (Calls[i].Problem is { } problem) return [new ValidationResult($"Escalation:Calls:{i}: {problem}", [nameof(Calls)])];
            if (Calls.Take(i).Any(Calls[i].Overlaps)) return [new ValidationResult($"Escalation:Calls:{i}: a step of a bureau is told to one listener only.", [nameof(Calls)])];
        }

        return [];
    }
}

/// <summary>The service level of one precedence.</summary>
public sealed class LevelOptions
{
    /// <summary>No clock is looked at: nothing of this precedence is ever late. Default false.</summary>
    public bool Off { get; set; }

    /// <summary>From acceptance to DELIVERED, with FLASH and IMMEDIATE to OPENED. After it the duty desk is told.</summary>
    public TimeSpan Within { get; set; }

    /// <summary>After <see cref="Within"/> has passed: to the alternate. Default half of <see cref="Within"/>.</summary>
    public TimeSpan? AlternateAfter { get; set; }

    /// <summary>After <see cref="Within"/> has passed: the sender is told. Default <see cref="Within"/> once more.</summary>
    public TimeSpan? SenderAfter { get; set; }

    /// <summary>After <see cref="Within"/> has passed: the operators are told. Default <see cref="Within"/> one and a half times more.</summary>
    public TimeSpan? OperatorAfter { get; set; }

    internal string? Problem =>
        Within < TimeSpan.FromSeconds(1) || Within > TimeSpan.FromDays(30) ? "Within is a time from 00:00:01 to 30 days, like 00:10:00; to have none, set Off."
        : (After(AlternateAfter, .5), After(SenderAfter, 1), After(OperatorAfter, 1.5)) is var (alternate, sender, last)
          && (alternate < TimeSpan.Zero || sender < alternate || last < sender || last > TimeSpan.FromDays(90))
            ? "The times after Within go up: AlternateAfter, then SenderAfter, then OperatorAfter, at most 90 days."
            : null;

    internal ServiceLevel Level => new(Within, new Ladder<EscalationStep>(
    [
        new(EscalationStep.DutyDesk, Within), new(EscalationStep.Alternate, Within + After(AlternateAfter, .5)),
        new(EscalationStep.Sender, Within + After(SenderAfter, 1)), new(EscalationStep.Operator, Within + After(OperatorAfter, 1.5)),
    ]));

    internal static LevelOptions For(Precedence precedence) => new() { Within = ServiceLevel.DefaultWithin(precedence) };

    private TimeSpan After(TimeSpan? told, double levels) => told ?? Within * levels;
}
