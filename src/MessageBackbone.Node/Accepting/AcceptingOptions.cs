using System.ComponentModel.DataAnnotations;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// How much bureaus may send and how much is worked on at a time. All defaults are here. The quotas are far above what a bureau needs and below what would
/// leave nothing for the others: SWIFT's peak day is some 400 messages a second of all its members together.
/// </summary>
public sealed class AcceptingOptions : IValidatableObject
{
    /// <summary>ROUTINE of one bureau. Default 200 a second, 100,000 at once: a whole outbox after days without a line.</summary>
    [Required] public Quota Routine { get; set; } = new() { PerSecond = 200, Burst = 100_000 };

    /// <summary>PRIORITY of one bureau. Default 100 a second, 50,000 at once.</summary>
    [Required] public Quota Priority { get; set; } = new() { PerSecond = 100, Burst = 50_000 };

    /// <summary>IMMEDIATE of one bureau. Default 20 a second, 10,000 at once.</summary>
    [Required] public Quota Immediate { get; set; } = new() { PerSecond = 20, Burst = 10_000 };

    /// <summary>FLASH of one bureau. ROUTINE may starve behind FLASH, so this bounds what a bureau can do to the others. Default 5 a second, 2,000 at once.</summary>
    [Required] public Quota Flash { get; set; } = new() { PerSecond = 5, Burst = 2_000 };

    /// <summary>Bureaus with quotas of their own, by code. A level that is left out has the general one. Default: none.</summary>
    [Required] public IDictionary<string, BureauQuotas> Bureaus { get; set; } = new Dictionary<string, BureauQuotas>(StringComparer.Ordinal);

    /// <summary>Submissions that are worked on at a time, of all bureaus. Default 256.</summary>
    [Range(2, 100_000)] public int AtOnce { get; set; } = 256;

    /// <summary>How many of <see cref="AtOnce"/> only a FLASH may use. Default 64.</summary>
    [Range(1, 100_000)] public int FlashShare { get; set; } = 64;

    /// <summary>Submissions of one precedence that may wait for a place; more are refused with STORE_UNAVAILABLE and a RetryInfo. Default 2,048.</summary>
    [Range(0, 1_000_000)] public int Waiting { get; set; } = 2_048;

    /// <summary>How many of <see cref="Waiting"/> may be of one bureau. Default 512.</summary>
    [Range(0, 1_000_000)] public int WaitingOfOneBureau { get; set; } = 512;

    /// <summary>Bytes of the submissions of one precedence that wait. Default 64 MiB.</summary>
    [Range(0, 1L << 40)] public long WaitingBytes { get; set; } = 64L << 20;

    /// <summary>What holds for this bureau and level.</summary>
    public Quota Of(string bureau, Precedence precedence)
    {
        var own = Bureaus.TryGetValue(bureau, out var quotas) ? quotas : null;
        return precedence switch
        {
            Precedence.Flash => own?.Flash ?? Flash,
            Precedence.Immediate => own?.Immediate ?? Immediate,
            Precedence.Priority => own?.Priority ?? Priority,
            _ => own?.Routine ?? Routine,
        };
    }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        var problems = new List<ValidationResult>();
        foreach (var quota in (Quota[])[Routine, Priority, Immediate, Flash])
        {
            Validator.TryValidateObject(quota, new ValidationContext(quota), problems, validateAllProperties: true);
        }

        if (FlashShare >= AtOnce)
        {
            problems.Add(new ValidationResult("Accepting: FlashShare is smaller than AtOnce, or nothing else is ever accepted.", [nameof(FlashShare)]));
        }

        foreach (var (bureau, own) in Bureaus)
        {
            if (!BureauCode.TryParse(bureau, out _))
            {
                problems.Add(new ValidationResult("Accepting: Bureaus names bureaus by their codes, like FR.", [nameof(Bureaus)]));
            }

            foreach (var quota in ((Quota?[])[own.Routine, own.Priority, own.Immediate, own.Flash]).OfType<Quota>())
            {
                Validator.TryValidateObject(quota, new ValidationContext(quota), problems, validateAllProperties: true);
            }
        }

        return problems;
    }
}

/// <summary>One bureau's own quotas; null: the general one.</summary>
public sealed class BureauQuotas
{
    public Quota? Routine { get; set; }

    public Quota? Priority { get; set; }

    public Quota? Immediate { get; set; }

    public Quota? Flash { get; set; }
}

/// <summary>So many messages in the long run, and so many at once after a rest.</summary>
public sealed class Quota
{
    [Range(0.001, 1_000_000)] public double PerSecond { get; set; }

    [Range(1, 1_000_000)] public int Burst { get; set; }
}
