using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Node.Recording;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Accepting;

/// <summary>What became of a message, straight from its streams: what was recorded before the call is in the answer. Also says who a message's parties are.</summary>
internal sealed class Tracker(IEventLog log, MessageParties parties, RequestTracker requests)
{
    /// <summary>The acceptance of a message that the caller sent or receives; null for every other id.</summary>
    public async Task<(RecordedEvent Event, Accepted Accepted)?> FindAsync(Caller caller, string messageId, CancellationToken cancellationToken)
    {
        if (!MessageId.TryParse(messageId, out var id))
        {
            return null;
        }

        await foreach (var stored in log.ReadStreamAsync(StreamId.Message(id.Value), null, cancellationToken))
        {
            var accepted = Accepted.Parser.ParseFrom(stored.Data.Span);
            if (accepted.Content.From == caller.Name) return (stored, accepted);
            return await parties.AsRecipientAsync(accepted, caller.Name, cancellationToken) is { } received ? (stored, received) : null;
        }

        return null;
    }

    public async Task<Tracking> TrackAsync(Caller caller, string messageId, CancellationToken cancellationToken)
    {
        var (stored, accepted) = await FindAsync(caller, messageId, cancellationToken) ?? throw Unknown();
        var tracking = new Tracking
        {
            MessageId = accepted.Content.MessageId,
            From = accepted.Content.From,
            AcceptedAt = accepted.AcceptedAt,
            Position = stored.Position.Value,
        };
        if (accepted.Content.From != caller.Name)
        {
            var own = await RecipientAsync(accepted.Content, caller.Name, cancellationToken);
            // What was done about it, and who has it besides, is the sender's business.
            own.Escalations.Clear();
            own.Request?.Steps.Clear();
            (own.RedirectedTo, own.RedirectedAt) = ("", null);
            tracking.Recipients.Add(own);
            return tracking;
        }

        foreach (var recipient in accepted.Recipients)
        {
            var shown = await RecipientAsync(accepted.Content, recipient, cancellationToken);
            tracking.Recipients.Add(shown);
            if (shown.RedirectedTo.Length > 0) tracking.Recipients.Add(await RecipientAsync(accepted.Content, shown.RedirectedTo, cancellationToken));
        }

        await AddRecallsAsync(tracking, cancellationToken);

        return tracking;
    }

    public static RefusalException Unknown() =>
        new(Reasons.UnknownMessage, "There is no such message or content of yours. Check the id and the hash.", ["message_id"]);

    private async Task<RecipientTracking> RecipientAsync(MessageHeader header, string recipient, CancellationToken cancellationToken)
    {
        var tracking = new RecipientTracking
        {
            Recipient = recipient,
            State = DeliveryState.Waiting,
            InsteadOf = Redirection.InsteadOf(header, recipient) ?? "",
        };
        await foreach (var stored in log.ReadStreamAsync(StreamId.Delivery(header.MessageId, recipient), null, cancellationToken))
        {
            Add(tracking, EventTypes.Parse(stored.Type, stored.Data));
        }

        if (tracking.State != DeliveryState.Quarantined)
        {
            tracking.QuarantinedAt = null;
        }

        tracking.Request = await requests.TrackAsync(header, tracking, cancellationToken);
        return tracking;
    }

    private async Task AddRecallsAsync(Tracking tracking, CancellationToken cancellationToken)
    {
        await foreach (var stored in log.ReadStreamAsync(StreamId.Message(tracking.MessageId), null, cancellationToken))
        {
            if (EventTypes.Parse(stored.Type, stored.Data) is not RecallOrdered ordered)
            {
                continue;
            }

            foreach (var asked in tracking.Recipients.Where(recipient => ordered.Recipients.Contains(recipient.Recipient)))
            {
                (asked.RecallOrder, asked.RecallOrderedAt) = (ordered.OrderId, ordered.At);
            }
        }
    }

    // A receipt that came after the end is evidence of who holds the message; the end stays.
    private static DeliveryState StateAfter(RecipientTracking tracking, DeliveryState receipted) =>
        tracking.State is DeliveryState.Expired or DeliveryState.Recalled or DeliveryState.Refused or DeliveryState.Redirected ? tracking.State : receipted;

    private static void Add(RecipientTracking tracking, Google.Protobuf.IMessage @event)
    {
        switch (@event)
        {
            case Attempted e:
                (tracking.Attempts, tracking.Sequence) = (Math.Max(tracking.Attempts, e.Attempt), e.Sequence);
                break;
            case Delivered e:
                (tracking.State, tracking.DeliveredAt) = (StateAfter(tracking, DeliveryState.Delivered), e.At);
                tracking.Receipts.Add(e.Receipt);
                break;
            case Opened e:
                (tracking.State, tracking.OpenedAt) = (StateAfter(tracking, DeliveryState.Opened), e.At);
                tracking.Receipts.Add(e.Receipt);
                break;
            case Refused e:
                if (tracking.RefusedBy.Length == 0) (tracking.State, tracking.Reason) = (StateAfter(tracking, DeliveryState.Refused), e.Reason);
                tracking.Receipts.Add(e.Receipt);
                break;
            case Expired e:
                (tracking.State, tracking.Reason) = (DeliveryState.Expired, e.Because.Length > 0 ? Reasons.BureauClosed : "");
                break;
            case Recalled e:
                (tracking.State, tracking.Reason) = (DeliveryState.Recalled, e.Reason);
                break;
            case Escalated e:
                tracking.Escalations.Add(new EscalationTaken { Step = e.Step, At = e.At, To = e.To, Reason = e.Reason, Alternate = e.Alternate });
                break;
            case Redirected e:
                (tracking.RedirectedTo, tracking.RedirectedAt) = (e.To, e.At);
                // What it has, it keeps: then the alternate got a copy.
                if (tracking.State is DeliveryState.Waiting or DeliveryState.Quarantined) (tracking.State, tracking.Reason) = (DeliveryState.Redirected, "");
                break;
            case Quarantined e:
                if (tracking.RefusedBy.Length == 0) (tracking.State, tracking.Reason) = (StateAfter(tracking, DeliveryState.Quarantined), e.Reason);
                if (tracking.State == DeliveryState.Quarantined) tracking.QuarantinedAt = e.At;
                tracking.Receipts.Add(e.Receipt);
                break;
            case Released:
                (tracking.State, tracking.Reason) = (StateAfter(tracking, DeliveryState.Waiting), "");
                break;
            case RefusedByOperator e:
                (tracking.State, tracking.Reason, tracking.RefusedBy) = (DeliveryState.Refused, e.Reason, e.Operator);
                break;
        }
    }
}
