using MessageBackbone.V1;

namespace MessageBackbone.Node.Escalating;

/// <summary>The words for steps in configuration, calls, logs and metrics. Those of requests begin with "request-".</summary>
internal static class StepWords
{
    /// <summary>Of late deliveries, in the order of the ladder.</summary>
    public static IReadOnlyList<EscalationStep> Deliveries { get; } =
        [EscalationStep.DutyDesk, EscalationStep.Alternate, EscalationStep.Sender, EscalationStep.Operator];

    /// <summary>Of requests. All reminders have one word.</summary>
    public static IReadOnlyList<RequestStep> Requests { get; } =
    [
        RequestStep.FirstReminder, RequestStep.SecondReminder, RequestStep.ThirdReminder, RequestStep.DutyDesk, RequestStep.Requester, RequestStep.Operator,
    ];

    /// <summary>Every word, for people.</summary>
    public static string All { get; } = string.Join(", ", Deliveries.Select(Word).Concat(Requests.Select(Word).Distinct()));

    public static string Word(this EscalationStep step) => step switch
    {
        EscalationStep.DutyDesk => "duty-desk",
        EscalationStep.Alternate => "alternate",
        EscalationStep.Sender => "sender",
        EscalationStep.Operator => "operator",
        _ => "unspecified",
    };

    public static string Word(this RequestStep step) => step switch
    {
        RequestStep.FirstReminder or RequestStep.SecondReminder or RequestStep.ThirdReminder => "request-reminder",
        RequestStep.DutyDesk => "request-duty-desk",
        RequestStep.Requester => "request-requester",
        RequestStep.Operator => "request-operator",
        _ => "unspecified",
    };

    public static bool IsKnown(string word) => Deliveries.Any(step => step.Word() == word) || Requests.Any(step => step.Word() == word);
}
