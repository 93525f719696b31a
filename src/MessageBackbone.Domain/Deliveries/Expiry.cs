using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>The end that no recipient gives: its time passed, or there is no recipient any more.</summary>
internal static class Expiry
{
    public static Decision Decide(DeliveryProgress state, Expire command)
    {
        if (Before(state, command.Message, command.Recipient) is { } before)
        {
            return before;
        }

        return OpenTime.EndOf(command.Message) is { } by && by <= command.At
            ? Decision.Of(End(command.Message, command.Recipient, command.At, command.Node))
            : Decision.No(Reasons.FieldInvalid, "The time to deliver it by has not passed.", "deliver_by");
    }

    public static Decision Decide(DeliveryProgress state, EndAsClosed command)
    {
        if (Before(state, command.Message, command.Recipient) is { } before)
        {
            return before;
        }

        var expired = End(command.Message, command.Recipient, command.At, command.Node);
        expired.Because = command.Closing.ToString("D");
        return Decision.Of(expired);
    }

    private static Decision? Before(DeliveryProgress state, Accepted message, string recipient)
    {
        if (!message.Recipients.Contains(recipient))
        {
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of the message.", "recipient");
        }

        return state.IsFinal ? Decision.Nothing : null;
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
