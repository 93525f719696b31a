using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Requests;

/// <summary>The events of the steps, and what they tell whom.</summary>
public static class RequestSteps
{
    public const string DueSoon = "REQUEST_DUE_SOON", Overdue = "REQUEST_OVERDUE";

    /// <summary>The notice that a step owes to the bureau it names; null: it names none. Header hash and sender are the caller's to add.</summary>
    public static (EscalationNotice Notice, string To)? Notice(IMessage step) => step switch
    {
        RequestReminded { To.Length: > 0 } e => (Notice(e.MessageId, e.Recipient, e.Step, DueSoon, e.DueAt, e.At), e.To),
        RequestOverdue { To.Length: > 0 } e => (Notice(e.MessageId, e.Recipient, e.Step, Overdue, e.DueAt, e.At), e.To),
        _ => null,
    };

    internal static IMessage Take(TakeStep command, RequestStep step, DateTimeOffset dueAt, DateTimeOffset stepDueAt)
    {
        var (request, at) = (command.Request, command.At.ToTimestamp());
        return RequestTerms.IsReminder(step)
            ? new RequestReminded
            {
                MessageId = request.MessageId,
                Recipient = request.Recipient,
                Step = step,
                To = command.RecipientClosed ? "" : request.Recipient,
                DueAt = dueAt.ToTimestamp(),
                StepDueAt = stepDueAt.ToTimestamp(),
                At = at,
                Node = command.Node,
            }
            : new RequestOverdue
            {
                MessageId = request.MessageId,
                Recipient = request.Recipient,
                Step = step,
                To = step switch
                {
                    RequestStep.DutyDesk => command.DutyDesk,
                    RequestStep.Requester when !command.RequesterClosed => request.Requester,
                    _ => "",
                },
                DueAt = dueAt.ToTimestamp(),
                StepDueAt = stepDueAt.ToTimestamp(),
                At = at,
                Node = command.Node,
            };
    }

    private static EscalationNotice Notice(string message, string recipient, RequestStep step, string reason, Timestamp dueAt, Timestamp at) => new()
    {
        MessageId = message,
        Recipient = recipient,
        RequestStep = step,
        Reason = reason,
        DueAt = dueAt,
        At = at,
    };
}
