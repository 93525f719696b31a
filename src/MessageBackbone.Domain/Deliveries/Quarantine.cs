using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>What an operator does to a delivery that its recipient's gateway keeps apart: it goes on, or it ends.</summary>
internal static class Quarantine
{
    public static Decision Decide(DeliveryProgress state, Release command)
    {
        var released = new Released
        {
            MessageId = command.Message.Content.MessageId,
            Recipient = command.Recipient,
            Operator = command.Operator,
            At = command.At.ToTimestamp(),
            Reason = command.Reason,
            Node = command.Node,
        };
        if (command.Reason.Length > 0 && !Patterns.IsReasonCode(command.Reason))
        {
            return NoCode;
        }

        // Told again after it happened: as then.
        return state is { Stage: DeliveryStage.Waiting, ReleasedReceipt.IsEmpty: false } ? Decision.Nothing : OfQuarantined(state, command.Message, released, released.Recipient);
    }

    public static Decision Decide(DeliveryProgress state, RefuseQuarantined command)
    {
        var refused = new RefusedByOperator
        {
            MessageId = command.Message.Content.MessageId,
            Recipient = command.Recipient,
            Operator = command.Operator,
            At = command.At.ToTimestamp(),
            Reason = command.Reason,
            Node = command.Node,
        };
        if (!Patterns.IsReasonCode(command.Reason))
        {
            return NoCode;
        }

        return state.Stage == DeliveryStage.RefusedByOperator ? Decision.Nothing : OfQuarantined(state, command.Message, refused, refused.Recipient);
    }

    private static readonly Decision NoCode = Decision.No(Reasons.FieldInvalid, "A reason is a code like NOT_READABLE: [A-Z_]{1,64}.", "reason");

    private static Decision OfQuarantined(DeliveryProgress state, Accepted message, IMessage fact, string recipient)
    {
        if (!message.Recipients.Contains(recipient))
        {
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of the message.", "bureau");
        }

        return state.Stage switch
        {
            DeliveryStage.Quarantined => Decision.Of(fact),
            DeliveryStage.Waiting => Decision.No(Reasons.UnknownMessage, "The delivery is not quarantined.", "message_id"),
            _ => Decision.No(Reasons.AlreadyFinal, "The delivery is not quarantined any more: it has ended.", "message_id"),
        };
    }
}
