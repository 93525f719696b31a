using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Composing;

/// <summary>An envelope as the outbox keeps it.</summary>
internal static class SignedMessages
{
    public static SignedMessage Of(Envelope envelope)
    {
        if (!ReceiptBuilding.TryRead(envelope.Header.Memory, MessageHeader.Parser, out _, out var header, out var problem))
            throw new InvalidOperationException($"The message that was just made cannot be read: {problem}");
        return new SignedMessage(
            header.MessageId, (int)header.Precedence, header.Kind, header.Reference, [.. header.To, .. header.Info], Digests.Sha256(envelope.Header.Span),
            envelope.Header.ToByteArray(), envelope.Body.ToByteArray());
    }
}
