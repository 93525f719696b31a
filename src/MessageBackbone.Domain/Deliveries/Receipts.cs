using Google.Protobuf;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>What a recipient's receipt does to its delivery: DELIVERED and REFUSED end it, OPENED follows DELIVERED once, QUARANTINED keeps it open.</summary>
/// <remarks>Receipts are judged by the receipts before them alone. Of a delivery that expired, was recalled, or was refused by an operator they are recorded all
/// the same: they prove who holds the message, and the delivery stays as it ended.</remarks>
internal static class Receipts
{
    public static Decision Decide(DeliveryProgress state, RecordReceipt command) =>
        Mismatch(command) ?? Redelivery.Answer(state, command) ?? command.Receipt.Outcome switch
        {
            DeliveryOutcome.Delivered => Ends(state, command, [DeliveryStage.Delivered, DeliveryStage.Opened]),
            DeliveryOutcome.Refused => Ends(state, command, [DeliveryStage.Refused]),
            DeliveryOutcome.Quarantined => Quarantines(state, command),
            DeliveryOutcome.Opened => Opens(state, command),
            _ => Decision.No(Reasons.FieldInvalid, "Say in the receipt what became of the message: DELIVERED, REFUSED, OPENED or QUARANTINED.", "outcome"),
        };

    private static Decision? Mismatch(RecordReceipt command)
    {
        var (receipt, message) = (command.Receipt, command.Message);
        if (receipt.MessageId != message.Content.MessageId || !message.Recipients.Contains(receipt.Recipient))
        {
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of a message with that id.", "message_id");
        }

        if (!receipt.HeaderSha256.Equals(message.HeaderSha256))
        {
            return Decision.No(Reasons.FieldInvalid, "The receipt names another header than the one that was accepted.", "header_sha256");
        }

        // A refusal may be about a body that arrived altered, so only who claims to hold the message must name the body that was sent.
        return receipt.Outcome is DeliveryOutcome.Delivered or DeliveryOutcome.Opened && !receipt.BodySha256.Equals(message.Content.BodySha256)
            ? Decision.No(Reasons.FieldInvalid, "The receipt names another body than the one that the header names.", "body_sha256")
            : null;
    }

    private static Decision Ends(DeliveryProgress state, RecordReceipt command, ReadOnlySpan<DeliveryStage> same)
    {
        if (same.Contains(state.Receipted))
        {
            return Decision.Nothing;
        }

        return state.IsSettled ? AlreadyFinal : Decision.Of([.. AttemptOf(state, command), Fact(command)]);
    }

    // A release answers one receipt for good: that one on a late stream must not quarantine the delivery again. A new one does.
    private static Decision Quarantines(DeliveryProgress state, RecordReceipt command) =>
        !command.Signed.IsEmpty && command.Signed.Equals(state.ReleasedReceipt) ? Decision.Nothing : Ends(state, command, [DeliveryStage.Quarantined]);

    private static Decision Opens(DeliveryProgress state, RecordReceipt command) => state.Receipted switch
    {
        DeliveryStage.Opened => Decision.Nothing,
        DeliveryStage.Delivered => Decision.Of(Fact(command)),
        DeliveryStage.Refused => AlreadyFinal,
        _ => Decision.No(Reasons.FieldInvalid, "Send the DELIVERED receipt before the OPENED one.", "outcome"),
    };

    private static readonly Decision AlreadyFinal =
        Decision.No(Reasons.AlreadyFinal, "An earlier receipt settled this delivery for good; this one is not recorded.", "outcome");

    public static IEnumerable<IMessage> AttemptOf(DeliveryProgress state, RecordReceipt command) =>
        command.Attempt is { } attempt && attempt.Number > state.Attempts
            ? [attempt.ToEvent(command.Receipt.MessageId, command.Receipt.Recipient, Attempt.EndedByReceipt)]
            : [];

    private static IMessage Fact(RecordReceipt command)
    {
        var (r, signed, signer) = (command.Receipt, command.Signed, command.SignerSha256);
        return r.Outcome switch
        {
            DeliveryOutcome.Delivered => new Delivered { MessageId = r.MessageId, Recipient = r.Recipient, Receipt = signed, At = r.At, SignerSha256 = signer },
            DeliveryOutcome.Opened => new Opened
            {
                MessageId = r.MessageId,
                Recipient = r.Recipient,
                Receipt = signed,
                At = r.At,
                SignerSha256 = signer,
                Officer = r.Officer,
            },
            DeliveryOutcome.Refused => new Refused
            {
                MessageId = r.MessageId,
                Recipient = r.Recipient,
                Receipt = signed,
                At = r.At,
                SignerSha256 = signer,
                Reason = r.Reason,
            },
            _ => new Quarantined { MessageId = r.MessageId, Recipient = r.Recipient, Receipt = signed, At = r.At, SignerSha256 = signer, Reason = r.Reason },
        };
    }
}
