using System.Globalization;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>The clock of an answer that is owed, as the local API tells it.</summary>
internal sealed record RequestClockFacts(
    string DeadlineClass, string State, double? AllowedSeconds = null, double? ElapsedSeconds = null, DateTimeOffset? StartedAt = null, DateTimeOffset? DueAt = null,
    DateTimeOffset? PausedSince = null, string PausedBy = "", DateTimeOffset? ClosedAt = null, string ClosedBy = "", string Reason = "", bool Late = false,
    IReadOnlyList<RequestStepFacts>? Steps = null)
{
    /// <summary>In words, without a full stop, as it is <paramref name="now"/>.</summary>
    public string Told(DateTimeOffset now)
    {
        var (name, used) = (Plain.Line(DeadlineClass), $"after {Span(ElapsedSeconds)} of {Span(AllowedSeconds)}");
        return State switch
        {
            "waiting" => $"{name}: the clock starts with the delivery",
            "paused" => $"{name}: the clock stands since {Plain.Time(PausedSince)}, {used}: question {Plain.Line(PausedBy)} is open",
            "closed" when Reason == "ANSWERED" && StartedAt is null => $"{name}: answered {Plain.Time(ClosedAt)}, in time ({Plain.Line(ClosedBy)})",
            "closed" when Reason == "ANSWERED" => $"{name}: answered {Plain.Time(ClosedAt)}, {(Late ? "LATE" : "in time")}, {used} ({Plain.Line(ClosedBy)})",
            "closed" => $"{name}: closed {Plain.Time(ClosedAt)}: {Plain.Line(Reason)}",
            // By the clock of this machine, so that a page that is read later says so too.
            _ when DueAt is { } due && due > now => $"{name}: due {Plain.Time(due)}, in {Span((due - now).TotalSeconds)}",
            _ when DueAt is { } due => $"{name}: OVERDUE since {Plain.Time(due)}, {Span((now - due).TotalSeconds)} ago",
            _ => $"{name}: {Plain.Line(State)}",
        };
    }

    /// <summary>The two largest units, like "2 d 3 h" or "3 h 10 min"; "less than a minute".</summary>
    internal static string Span(double? seconds)
    {
        if (seconds is not { } some || !double.IsFinite(some) || some > 1e10) return "?";
        var time = TimeSpan.FromSeconds(Math.Max(0, some));
        (int Count, string Unit)[] parts = [(time.Days, "d"), (time.Hours, "h"), (time.Minutes, "min")];
        var shown = parts.SkipWhile(part => part.Count == 0).Take(2).Where(part => part.Count > 0)
            .Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Count} {part.Unit}"));
        return string.Join(' ', shown) is { Length: > 0 } words ? words : "less than a minute";
    }
}

internal sealed record RequestStepFacts(string Step, string To, DateTimeOffset? At = null)
{
    public string Told() => (Step, To.Length > 0) switch
    {
        ("first_reminder" or "second_reminder" or "third_reminder", true) => $"{Plain.Line(To)} was reminded",
        (_, true) => $"{Plain.Line(To)} was told that the answer is overdue",
        ("operator", _) => "the operators were told that the answer is overdue",
        _ => "nobody was told, for the bureau is closed",
    };
}
