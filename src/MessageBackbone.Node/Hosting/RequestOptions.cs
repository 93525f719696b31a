using System.ComponentModel.DataAnnotations;
using MessageBackbone.Domain.Requests;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Node.Hosting;

/// <summary>How long answers to requests may take, and what is done when. Elapsed time: no calendar, no office hours. All defaults are here.</summary>
public sealed class RequestOptions : IValidatableObject
{
    private static readonly TimeSpan _longest = TimeSpan.FromDays(366);

    /// <summary>Deadline class → time for the answer. A class of this table that the configuration names gets its time from there; 00:00:00 takes it
    /// away.</summary>
    public IDictionary<string, TimeSpan> Classes { get; set; } = new Dictionary<string, TimeSpan>(StringComparer.Ordinal)
    {
        ["eu-urgent-direct"] = TimeSpan.FromHours(8),
        ["eu-urgent-indirect"] = TimeSpan.FromDays(3),
        ["eu-other"] = TimeSpan.FromDays(7),
        ["sirene"] = TimeSpan.FromHours(12),
        ["hit-urgent"] = TimeSpan.FromMinutes(10),
        ["hit-routine"] = TimeSpan.FromHours(1),
    };

    /// <summary>After which parts of its time the recipient is reminded: at most three, between 0 and 1, going up, with commas; empty: never. Default
    /// 0.5, 0.9.</summary>
    public string Reminders { get; set; } = "0.5, 0.9";

    /// <summary>The requester is told that the answer is overdue: so large a part of its time after the deadline. Default 0.1.</summary>
    [Range(0, 100)] public double RequesterAfter { get; set; } = 0.1;

    /// <summary>The operators are told: as <see cref="RequesterAfter"/>, and not before. Default 0.25.</summary>
    [Range(0, 100)] public double OperatorAfter { get; set; } = 0.25;

    /// <summary>How far what is recorded of a clock may lag behind what moved it. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")] public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The configured classes by name.</summary>
    internal IEnumerable<string> Known => Classes.Where(known => known.Value > TimeSpan.Zero).Select(known => known.Key).Order(StringComparer.Ordinal);

    internal bool Knows(string deadlineClass) => Classes.TryGetValue(deadlineClass, out var allowed) && allowed > TimeSpan.Zero;

    /// <summary>Null: the class is not configured.</summary>
    internal RequestTerms? TermsOf(string deadlineClass) =>
        Knows(deadlineClass) ? RequestTerms.Of(Classes[deadlineClass], Parts() ?? [], RequesterAfter, OperatorAfter) : null;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var (name, allowed) in Classes)
            if (!Patterns.IsDeadlineClass(name) || allowed < TimeSpan.Zero || allowed > _longest || (allowed > TimeSpan.Zero && allowed < TimeSpan.FromSeconds(1)))
                yield return new ValidationResult(
                    $"Requests:Classes:{name} is a name like eu-other with a time from 00:00:01 to 366 days, like 7.00:00:00; 00:00:00 takes the class away.", [nameof(Classes)]);
        if (Parts() is not { Count: <= RequestTerms.MostReminders } parts || parts.Any(part => part is not (> 0 and < 1)) || !parts.SequenceEqual(parts.Order()))
            yield return new ValidationResult(
                $"Requests:Reminders are at most {RequestTerms.MostReminders} parts of the time between 0 and 1, going up, like \"0.5, 0.9\".", [nameof(Reminders)]);
        if (OperatorAfter < RequesterAfter)
            yield return new ValidationResult("Requests:OperatorAfter is not less than RequesterAfter.", [nameof(OperatorAfter)]);
    }

    // Null: something that is no number stands there.
    private List<double>? Parts()
    {
        var parts = new List<double>();
        foreach (var word in Reminders.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!double.TryParse(word, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var part)) return null;
            parts.Add(part);
        }

        return parts;
    }
}
