using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

public abstract record DeliveryCommand
{
    private protected DeliveryCommand() { }
}

/// <summary>
/// The recipient's receipt. Verified before: its signature by an enrolled, unrevoked sign certificate of <c>recipient</c>, which is the caller and one of the
/// message's recipients.
/// </summary>
/// <param name="Receipt">The content of <paramref name="Signed"/>.</param>
/// <param name="Signed">The signed object as received.</param>
/// <param name="SignerSha256">SHA-256 of the signer's certificate.</param>
/// <param name="Message">The message's acceptance.</param>
/// <param name="Attempt">The attempt in hand that this receipt ends; null when it came outside one.</param>
public sealed record RecordReceipt(DeliveryReceipt Receipt, ByteString Signed, ByteString SignerSha256, Accepted Message, Attempt? Attempt) : DeliveryCommand;

/// <summary>An attempt ended without a receipt.</summary>
/// <param name="EndedBy">"disconnected", "superseded", "timeout", "expired" or "recalled".</param>
public sealed record EndAttempt(string MessageId, string Recipient, Attempt Attempt, string EndedBy) : DeliveryCommand;

/// <summary>The message's time (<see cref="OpenTime"/>) may have passed: ends the delivery, unless a receipt settled it before.</summary>
/// <param name="Message">The message's acceptance.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record Expire(Accepted Message, string Recipient, DateTimeOffset At, string Node) : DeliveryCommand;

/// <summary>The recipient was closed for good: ends the delivery, unless a receipt settled it before or it ended otherwise.</summary>
/// <param name="Message">The message's acceptance.</param>
/// <param name="Closing">Id of the event that closed it. Verified before: it closed <paramref name="Recipient"/>.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record EndAsClosed(Accepted Message, string Recipient, Guid Closing, DateTimeOffset At, string Node) : DeliveryCommand;

/// <summary>An operator lets a quarantined delivery go on.</summary>
/// <param name="Message">The message's acceptance.</param>
/// <param name="Operator">SAN URI.</param>
/// <param name="Reason">A code; empty: none.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record Release(Accepted Message, string Recipient, string Operator, string Reason, DateTimeOffset At, string Node) : DeliveryCommand;

/// <summary>An operator ends a quarantined delivery in its recipient's place.</summary>
/// <param name="Message">The message's acceptance.</param>
/// <param name="Operator">SAN URI.</param>
/// <param name="Reason">A code.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record RefuseQuarantined(Accepted Message, string Recipient, string Operator, string Reason, DateTimeOffset At, string Node) : DeliveryCommand;

/// <summary>The sender recalled the message: ends the delivery, or asks back what a receipt settled before; what ended otherwise stays so.</summary>
/// <param name="Message">The acceptance of the recalled message.</param>
/// <param name="OrderId">The message that brought the order. Verified before: it is the sender's, and names this recipient.</param>
/// <param name="Reason">The order's code.</param>
public sealed record Recall(Accepted Message, string Recipient, string OrderId, string Reason, DateTimeOffset At, string Node) : DeliveryCommand;

/// <summary>One presentation of a message to its recipient.</summary>
/// <param name="Number">1, 2, 3 … in this delivery.</param>
public sealed record Attempt(uint Number, ulong Sequence, DateTimeOffset PresentedAt, string Node)
{
    public const string EndedByReceipt = "receipt";

    internal Attempted ToEvent(string messageId, string recipient, string endedBy) => new()
    {
        MessageId = messageId,
        Recipient = recipient,
        Attempt = Number,
        Sequence = Sequence,
        PresentedAt = PresentedAt.ToTimestamp(),
        Node = Node,
        EndedBy = endedBy,
    };
}
