using System.Diagnostics;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>A delivery after its checks, before it is stored.</summary>
internal abstract record Judged(Delivery Delivery, string MessageId, byte[] HeaderSha256, Activity? Activity)
{
    /// <summary>New: to be stored with the receipt. <paramref name="CreatedAt"/> is the sender's word.</summary>
    /// <param name="Apart">The same as it is kept apart for that reason, with its receipt.</param>
    public sealed record Fresh(
        Delivery Delivery, Arrival Arrival, byte[] Receipt, Instead Instead, ReceivedOrder? Order, Func<string, (Arrival Arrival, byte[] Receipt)> Apart,
        DateTimeOffset? CreatedAt, Activity? Activity)
        : Judged(Delivery, Arrival.MessageId, Arrival.HeaderSha256, Activity);

    /// <summary>This very header came before: the first receipt answers it again.</summary>
    public sealed record Repeat(Delivery Delivery, string MessageId, byte[] HeaderSha256, Peeked Peeked, Kept Before, Activity? Activity)
        : Judged(Delivery, MessageId, HeaderSha256, Activity);

    /// <summary>Nothing can be receipted: the node takes the delivery back and tries again.</summary>
    public sealed record Unanswerable(Delivery Delivery, string MessageId, byte[] HeaderSha256, Activity? Activity)
        : Judged(Delivery, MessageId, HeaderSha256, Activity);
}

/// <summary>What a header says before anything of it is verified: good enough to choose a lane and to find a row, for nothing else.</summary>
internal sealed record Peeked(MessageHeader? Header, Protocol.Signing.SignedObject? Signed)
{
    public static Peeked At(Delivery delivery) =>
        Protocol.Messages.ReceiptBuilding.TryRead(delivery.Envelope.Header.Memory, MessageHeader.Parser, out var signed, out var header, out _)
            ? new Peeked(header, signed)
            : new Peeked(null, null);

    public const int Lanes = 4;

    /// <summary>0 to 3; what cannot be read waits with ROUTINE.</summary>
    public int Lane => Header?.Precedence is Precedence.Priority or Precedence.Immediate or Precedence.Flash ? (int)Header.Precedence - 1 : 0;
}
