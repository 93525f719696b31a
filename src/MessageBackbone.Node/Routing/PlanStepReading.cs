using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Routing;

/// <summary>Which step of the plan an event is; null: none. Events that the plan has no use for are passed over knowingly.</summary>
internal static class PlanStepReading
{
    public static PlanStep? Read(RecordedEvent recorded) => recorded.Type switch
    {
        "message.accepted.v1" => Arrived(recorded),
        "delivery.attempted.v1" => Attempted(V1.Attempted.Parser.ParseFrom(recorded.Data.Span)),
        "delivery.delivered.v1" => Delivered(V1.Delivered.Parser.ParseFrom(recorded.Data.Span)),
        "delivery.refused.v1" => Refused(V1.Refused.Parser.ParseFrom(recorded.Data.Span)),
        "delivery.expired.v1" => Expired(recorded),
        "delivery.refused-by-operator.v1" => RefusedByOperator(recorded),
        "delivery.released.v1" => Released(V1.Released.Parser.ParseFrom(recorded.Data.Span)),
        "delivery.recalled.v1" => Recalled(V1.Recalled.Parser.ParseFrom(recorded.Data.Span)),
        "message.recall-ordered.v1" => RecallOrdered(V1.RecallOrdered.Parser.ParseFrom(recorded.Data.Span)),
        "delivery.quarantined.v1" => KeptApart(V1.Quarantined.Parser.ParseFrom(recorded.Data.Span)),
        "delivery.redelivery-ended.v1" => RedeliveryEnded(V1.RedeliveryEnded.Parser.ParseFrom(recorded.Data.Span)),
        "directory.bureau-registered.v1" => new PlanStep.Registered(BureauRegistered.Parser.ParseFrom(recorded.Data.Span).Act.Code),
        "directory.bureau-closed.v1" => new PlanStep.Closed(BureauClosed.Parser.ParseFrom(recorded.Data.Span).Act.Code, recorded.EventId),
        _ => null,
    };

    /// <summary>The message of which the event begins one more delivery, and the step that this is, made from its acceptance; null: it begins none.</summary>
    public static (string MessageId, Func<RecordedEvent, PlanStep> Step)? Beginning(RecordedEvent recorded)
    {
        switch (recorded.Type)
        {
            case "delivery.redirected.v1":
                var redirected = V1.Redirected.Parser.ParseFrom(recorded.Data.Span);
                return (redirected.MessageId, acceptance => Redirected(redirected, acceptance));
            case "delivery.redelivery-ordered.v1":
                var ordered = RedeliveryOrdered.Parser.ParseFrom(recorded.Data.Span);
                return (ordered.MessageId, acceptance => Reopened(ordered, acceptance));
            default:
                return null;
        }
    }

    /// <summary>What a redirection means: the alternate gets what was accepted, as if it had arrived for it now.</summary>
    public static PlanStep.Redirected Redirected(Redirected e, RecordedEvent acceptance) =>
        new(e.Recipient, Arrived(acceptance) with { Recipients = [e.To] });

    private static PlanStep.Reopened Reopened(RedeliveryOrdered e, RecordedEvent acceptance) => new(
        Arrived(acceptance) with { Recipients = [e.Recipient], DeliverBy = e.ExpiresAt?.ToDateTimeOffset(), Conversation = null, Recalls = null },
        e.Sequence, e.Attempts);

    private static PlanStep.Ended RedeliveryEnded(RedeliveryEnded e) => new(Guid.Parse(e.MessageId), e.Recipient);

    private static PlanStep.Arrived Arrived(RecordedEvent recorded)
    {
        var accepted = Accepted.Parser.ParseFrom(recorded.Data.Span);
        var trace = EventMetadata.Parser.ParseFrom(recorded.Metadata.Span).Traceparent;
        return new PlanStep.Arrived(Guid.Parse(accepted.Content.MessageId), accepted.Content.Precedence, accepted.Recipients, recorded.Position,
            trace.Length == 0 ? null : trace, OpenTime.EndOf(accepted),
            // Held up by a quarantine, an order to recall would leave readable what it is about, and the notice of a quarantine would come after its end.
            !ControlKinds.Has(accepted.Content.Kind) && Guid.TryParse(accepted.Content.ConversationId, out var conversation) ? conversation : null)
        {
            // Accepting has seen that the order is good, and about the message that it answers.
            Recalls = accepted.Content.Kind == Recalls.OrderKind ? Guid.Parse(accepted.Content.InReplyTo) : null,
        };
    }

    private static PlanStep.Attempted Attempted(Attempted e) => new(Guid.Parse(e.MessageId), e.Recipient, e.Attempt);

    private static PlanStep.Ended Delivered(Delivered e) => new(Guid.Parse(e.MessageId), e.Recipient);

    private static PlanStep.Ended Expired(RecordedEvent recorded)
    {
        var e = V1.Expired.Parser.ParseFrom(recorded.Data.Span);
        return new PlanStep.Ended(Guid.Parse(e.MessageId), e.Recipient, new OwedReport(recorded.EventId, recorded.Position));
    }

    private static PlanStep.Ended RefusedByOperator(RecordedEvent recorded)
    {
        var e = V1.RefusedByOperator.Parser.ParseFrom(recorded.Data.Span);
        return new PlanStep.Ended(Guid.Parse(e.MessageId), e.Recipient, new OwedReport(recorded.EventId, recorded.Position));
    }

    private static PlanStep.Ended Recalled(Recalled e) => new(Guid.Parse(e.MessageId), e.Recipient);

    private static PlanStep.RecallOrdered RecallOrdered(RecallOrdered e) => new(Guid.Parse(e.OrderId));

    private static PlanStep.KeptApart KeptApart(Quarantined e) => new(Guid.Parse(e.MessageId), e.Recipient, e.At.ToDateTimeOffset(), e.Reason);

    private static PlanStep.Released Released(Released e) => new(Guid.Parse(e.MessageId), e.Recipient);

    private static PlanStep.Ended Refused(Refused e) => new(Guid.Parse(e.MessageId), e.Recipient);
}
