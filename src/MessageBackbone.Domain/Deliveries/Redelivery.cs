using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

/// <summary>An operator has what was delivered presented again: the recipient's gateway lost it.</summary>
/// <param name="Message">The message's acceptance.</param>
/// <param name="Operator">SAN URI.</param>
/// <param name="Reason">A code.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
/// <param name="ExpiresAt">When the order ends if nothing else has ended it.</param>
public sealed record Redeliver(
    Accepted Message, string Recipient, string Operator, string Reason, DateTimeOffset At, DateTimeOffset ExpiresAt, string Node) : DeliveryCommand;

/// <summary>A presentation that an operator ordered and that nothing has answered yet.</summary>
/// <param name="After">The highest attempt recorded before: only what was presented later is an answer to it.</param>
/// <param name="ExpiresAt">When the order ends.</param>
internal sealed record OpenRedelivery(uint After, DateTimeOffset ExpiresAt)
{
    public static OpenRedelivery Of(RedeliveryOrdered e) => new(e.Attempts, e.ExpiresAt?.ToDateTimeOffset() ?? DateTimeOffset.MaxValue);
}

/// <summary>What was delivered is presented again by an operator's order. The delivery keeps its state, whatever comes of it: its sender has the proof that
/// the recipient held the message, and nobody's clock runs for a gateway that lost it.</summary>
internal static class Redelivery
{
    public const string Recalled = "RECALLED";

    public static Decision Decide(DeliveryProgress state, Redeliver command)
    {
        if (!Patterns.IsReasonCode(command.Reason))
            return Decision.No(Reasons.FieldInvalid, "A reason is a code like INBOX_LOST: [A-Z_]{1,64}.", "reason");
        if (!command.Message.Recipients.Contains(command.Recipient))
            return Decision.No(Reasons.UnknownMessage, "This bureau is no recipient of the message.", "bureau");
        return state.Stage switch
        {
            // It comes to its recipient without an order.
            DeliveryStage.Waiting => Decision.Nothing,
            DeliveryStage.Quarantined => Decision.No(
                Reasons.FieldInvalid, "The delivery is quarantined: release it, and it is presented again.", "message_id"),
            DeliveryStage.Delivered or DeliveryStage.Opened when state.IsAskedBack => Decision.No(
                Reasons.AlreadyFinal, "Its sender recalled the message: it is not presented again.", "message_id"),
            DeliveryStage.Delivered or DeliveryStage.Opened => state.Redelivery is null ? Decision.Of(Order(state, command)) : Decision.Nothing,
            var ended => Decision.No(
                Reasons.AlreadyFinal, $"The delivery has ended as {Word(ended)}: only what was delivered or opened is presented again.", "message_id"),
        };
    }

    /// <summary>What a receipt means while a redelivery is open; null: it is judged as ever.</summary>
    /// <remarks>Any receipt that answers the presentation ends it, also a refusal: presented once more, it would only be answered so again. An OPENED is no
    /// answer, and one that did not follow a presentation may have been under way since before.</remarks>
    public static Decision? Answer(DeliveryProgress state, RecordReceipt command)
    {
        if (command.Receipt.Outcome == DeliveryOutcome.Opened) return null;
        if (state.Redelivery is { } open && (state.Attempts > open.After || command.Attempt?.Number > open.After))
            return Decision.Of([.. Receipts.AttemptOf(state, command), Ended(command)]);
        return !command.Signed.IsEmpty && command.Signed.Equals(state.RedeliveryReceipt) ? Decision.Nothing : null;
    }

    /// <summary>The end that no receipt gives; null: none is open.</summary>
    public static RedeliveryEnded? End(DeliveryProgress state, string messageId, string recipient, string reason, DateTimeOffset at, string node) =>
        state.Redelivery is null ? null : new()
        {
            MessageId = messageId,
            Recipient = recipient,
            Reason = reason,
            At = at.ToTimestamp(),
            Node = node,
        };

    private static RedeliveryOrdered Order(DeliveryProgress state, Redeliver command) => new()
    {
        MessageId = command.Message.Content.MessageId,
        Recipient = command.Recipient,
        Operator = command.Operator,
        At = command.At.ToTimestamp(),
        Reason = command.Reason,
        Node = command.Node,
        Attempts = state.Attempts,
        Sequence = state.Sequence,
        ExpiresAt = command.ExpiresAt.ToTimestamp(),
    };

    private static RedeliveryEnded Ended(RecordReceipt command) => new()
    {
        MessageId = command.Receipt.MessageId,
        Recipient = command.Receipt.Recipient,
        Receipt = command.Signed,
        At = command.Receipt.At,
        SignerSha256 = command.SignerSha256,
        Outcome = command.Receipt.Outcome,
        Reason = command.Receipt.Reason,
    };

    private static string Word(DeliveryStage stage) => stage switch
    {
        DeliveryStage.Expired => "EXPIRED",
        DeliveryStage.Recalled => "RECALLED",
        DeliveryStage.Redirected => "REDIRECTED",
        _ => "REFUSED",
    };
}
