using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>The end that no recipient gives: its time passed, or there is no recipient any more.</summary>
internal static class Expiry
{
    public static Decision Decide(DeliveryProgress state, Expire command)
    {
        var again = state.Redelivery?.ExpiresAt <= command.At
            ? Redelivery.End(state, command.Message.Content.MessageId, command.Recipient, Reasons.Expired, command.At, command.Node) : null;
        if (Before(state, command.Message, command.Recipient, again) is { } before)
        {
            return before;
        }

        return OpenTime.EndOf(command.Message) is { } by && by <= command.At
            ? Decision.Of(End(command.Message, command.Recipient, command.At, command.Node))
            : Decision.No(Reasons.FieldInvalid, "The time to deliver it by has not passed.", "deliver_by");
    }

    public static Decision Decide(DeliveryProgress state, EndAsClosed command)
    {
        var again = Redelivery.End(state, command.Message.Content.MessageId, command.Recipient, Reasons.BureauClosed, command.At, command.Node);
        if (Before(state, command.Message, command.Recipient, again) is { } before)
        {
            return before;
        }

        var expired = End(command.Message, command.Recipient, command.At, command.Node);
        expired.Because = command.Closing.ToString("D");
        return Decision.Of(expired);
    }

    // What a receipt settled does not end once more; what an operator had presented again does.
    private static Decision? Before(DeliveryProgress state, Accepted message, string recipient, RedeliveryEnded? again)
    {
        if (!message.Recipients.Contains(recipient))
        {
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of the message.", "recipient");
        }

        if (!state.IsFinal)
        {
            return null;
        }

        return again is null ? Decision.Nothing : Decision.Of(again);
    }

    private static Expired End(Accepted message, string recipient, DateTimeOffset at, string node) => new()
    {
        MessageId = message.Content.MessageId,
        Recipient = recipient,
        DeliverBy = message.Content.DeliverBy,
        At = at.ToTimestamp(),
        Node = node,
    };
}
