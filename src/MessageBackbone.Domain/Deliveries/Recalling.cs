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
            DeliveryStage.Delivered or DeliveryStage.Opened => AskBack(state, command),
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

    // What is asked back is not presented again.
    private static Decision AskBack(DeliveryProgress state, Recall command)
    {
        var ended = Redelivery.End(state, command.Message.Content.MessageId, command.Recipient, Redelivery.Recalled, command.At, command.Node);
        return (state.IsAskedBack, ended) switch
        {
            (false, null) => Decision.Of(AskBack(command)),
            (false, _) => Decision.Of(AskBack(command), ended),
            (true, null) => Decision.Nothing,
            (true, _) => Decision.Of(ended),
        };
    }

    private static AskedBack AskBack(Recall command) => new()
    {
        MessageId = command.Message.Content.MessageId,
        Recipient = command.Recipient,
        OrderId = command.OrderId,
        At = command.At.ToTimestamp(),
        Node = command.Node,
    };
}
