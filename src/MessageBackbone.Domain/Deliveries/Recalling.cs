using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>The end that the sender gives: it recalled the message before the recipient acknowledged it.</summary>
internal static class Recalling
{
    public static Decision Decide(DeliveryProgress state, Recall command)
    {
        if (!command.Message.Recipients.Contains(command.Recipient))
        {
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of the message.", "recipient");
        }

        // Who holds it by then is asked for it; who refused it never had it; what expired stays so.
        return state.IsFinal
            ? Decision.Nothing
            : Decision.Of(new Recalled
            {
                MessageId = command.Message.Content.MessageId,
                Recipient = command.Recipient,
                OrderId = command.OrderId,
                Reason = command.Reason,
                At = command.At.ToTimestamp(),
                Node = command.Node,
            });
    }
}
