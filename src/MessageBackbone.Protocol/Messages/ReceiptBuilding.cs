using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Messages;

/// <summary>Receipts, orders and statements: canonical messages as contents of signed objects (wire.md §5).</summary>
public static class ReceiptBuilding
{
    /// <summary>A recipient's receipt. Build it once, store it before it is sent, repeat its bytes: two signatures over one content differ.</summary>
    /// <param name="headerSha256">SHA-256 of Envelope.header as it came.</param>
    /// <param name="reason">A code with REFUSED or QUARANTINED, else empty.</param>
    /// <param name="officer">A pseudonym with OPENED, else empty.</param>
    /// <exception cref="ArgumentException">The fields break the rules of the contract.</exception>
    public static byte[] Delivery(
        MessageHeader header, ReadOnlySpan<byte> headerSha256, BureauCode recipient, DeliveryOutcome outcome, string reason, string officer,
        ulong sequence, X509Certificate2 sign, DateTimeOffset at)
    {
        var receipt = new DeliveryReceipt
        {
            MessageId = header.MessageId,
            HeaderSha256 = ByteString.CopyFrom(headerSha256),
            Recipient = recipient.Value,
            Outcome = outcome,
            Reason = reason,
            At = Timestamp.FromDateTimeOffset(at),
            BodySha256 = header.BodySha256,
            Officer = officer,
            Sequence = sequence,
        };
        return Delivery(receipt, sign, at);
    }

    /// <exception cref="ArgumentException">The fields break the rules of the contract.</exception>
    public static byte[] Delivery(DeliveryReceipt receipt, X509Certificate2 sign, DateTimeOffset at)
    {
        var problems = ReceiptFields.Check(receipt);
        return problems.Count == 0 ? Sign(receipt, sign, at) : throw new ArgumentException($"{problems[0].Path}: {problems[0].Text}");
    }

    /// <summary>The node's receipt, built from the stored event. Recipients are sorted here.</summary>
    public static byte[] Acceptance(AcceptanceReceipt receipt, X509Certificate2 sign, DateTimeOffset at)
    {
        var sorted = receipt.Clone();
        sorted.Recipients.Clear();
        sorted.Recipients.AddRange(receipt.Recipients.Order(StringComparer.Ordinal));
        return Sign(sorted, sign, at);
    }

    /// <summary>Any message that has a field <c>type</c>: an order or act of the secretariat, a statement of a bureau. Sets that field.</summary>
    public static byte[] Sign(IMessage message, X509Certificate2 sign, DateTimeOffset at) =>
        SignedObject.Create(CanonicalMessage.Write(message), sign, at);

    /// <summary>Reads form and content. The signature and whether the signer may say this are the caller's to check.</summary>
    public static bool TryRead<T>(
        ReadOnlyMemory<byte> signed, MessageParser<T> parser, [NotNullWhen(true)] out SignedObject? signedObject, [NotNullWhen(true)] out T? message,
        out string problem)
        where T : class, IMessage<T>
    {
        message = null;
        return SignedObject.TryRead(signed, out signedObject, out problem)
            && CanonicalMessage.TryParse(signedObject.Content, parser, out message, out problem);
    }
}
