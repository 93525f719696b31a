using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>What an order to recall means for one delivery: one that no receipt settled ends; a recipient that has the message is asked for it.</summary>
internal static class Recalling
{
    public static Decision Decide(DeliveryProgress state, Recall command)
    {
        if (!command.Message.Recipients.Contains(command.Recipient))
        {
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of the message.", "recipient");
        }

        return state.Stage switch
        {
            DeliveryStage.Waiting or DeliveryStage.Quarantined => Decision.Of(End(command)),
            DeliveryStage.Delivered or DeliveryStage.Opened when !state.IsAskedBack => Decision.Of(AskBack(command)),
            // Who refused it never had it; what expired stays so.
            _ => Decision.Nothing,
        };
    }

    private static Recalled End(Recall command) => new()
    {
        MessageId = command.Message.Content.MessageId,
        Recipient = command.Recipient,
        OrderId = command.OrderId,
        Reason = command.Reason,
        At = command.At.ToTimestamp(),
        Node = command.Node,
    };

    private static AskedBack AskBack(Recall command) => new()
    {
        MessageId = command.Message.Content.MessageId,
        Recipient = command.Recipient,
        OrderId = command.OrderId,
        At = command.At.ToTimestamp(),
        Node = command.Node,
    };
}
