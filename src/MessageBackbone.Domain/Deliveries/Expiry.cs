using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>The end that no recipient gives: <c>deliver_by</c> passed.</summary>
internal static class Expiry
{
    public static Decision Decide(DeliveryProgress state, Expire command)
    {
        var header = command.Message.Content;
        if (!command.Message.Recipients.Contains(command.Recipient))
        {
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of the message.", "recipient");
        }

        if (state.IsFinal)
        {
            return Decision.Nothing;
        }

        // By the one rule of the contract: what has a time to be delivered by, and that time is over.
        return header.DeliverBy is { } by && by.ToDateTimeOffset() <= command.At
            ? Decision.Of(new Expired
            {
                MessageId = header.MessageId,
                Recipient = command.Recipient,
                DeliverBy = by,
                At = command.At.ToTimestamp(),
                Node = command.Node,
            })
            : Decision.No(Reasons.FieldInvalid, "The time to deliver it by has not passed.", "deliver_by");
    }
}
