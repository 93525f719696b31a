using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Messages;

/// <summary>
/// What a sender wants to say. Composing fills in the header's message_id, from, created_at, body and content fields (and conversation_id where it is
/// empty),
/// and the content's fields 1 to 5; all others are taken as they are here. <c>Header.BodyForm</c> decides between SEALED and CLEAR.
/// </summary>
public sealed record MessageDraft(MessageHeader Header, SealedContent Content);

/// <summary>Builds envelopes: content, body, header, signature (wire.md §4).</summary>
public static class MessageComposing
{
    /// <param name="sealTo">Seal certificates, one for each of `to`, `info` and `alternates`, and at most the sender's own; none for a CLEAR body.
    /// That they
    /// are the right ones is for the caller's trust anchor and directory to say.</param>
    /// <param name="sign">The sender's sign certificate with its key.</param>
    /// <exception cref="ArgumentException">The draft breaks the rules of the contract; the text names the first field.</exception>
    public static Envelope Compose(
        MessageDraft draft, IReadOnlyCollection<X509Certificate2> sealTo, X509Certificate2 sign, MessageId id, BureauCode from, DateTimeOffset at)
    {
        var header = draft.Header.Clone();
        header.MessageId = id.Value;
        header.From = from.Value;
        header.CreatedAt = Timestamp.FromDateTimeOffset(at);
        if (header.ConversationId.Length == 0)
            header.ConversationId = id.Value;
        var content = CanonicalMessage.Write(Complete(draft.Content, header));
        var body = Close(header, content, sealTo);
        header.ContentSha256 = ByteString.CopyFrom(Digests.Sha256(content));
        header.BodySha256 = ByteString.CopyFrom(Digests.Sha256(body));
        header.BodySize = (ulong)body.Length;
        Require(HeaderFields.Check(header), "");
        var signed = ReceiptBuilding.Sign(header, sign, at);
        return new Envelope { Header = UnsafeByteOperations.UnsafeWrap(signed), Body = UnsafeByteOperations.UnsafeWrap(body) };
    }

    private static SealedContent Complete(SealedContent draft, MessageHeader header)
    {
        var content = draft.Clone();
        content.MessageId = header.MessageId;
        content.From = header.From;
        content.To.Clear();
        content.To.AddRange(header.To);
        content.Info.Clear();
        content.Info.AddRange(header.Info);
        content.Salt = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(ContentFields.SaltSize));
        Require(ContentFields.Check(content), "content.");
        return content;
    }

    private static byte[] Close(MessageHeader header, byte[] content, IReadOnlyCollection<X509Certificate2> sealTo)
    {
        if (header.BodyForm == BodyForm.Clear)
            return sealTo.Count == 0 ? content : throw new ArgumentException("A CLEAR body is sealed to nobody.");
        var recipients = header.To.Count + header.Info.Count + header.Alternates.Count;
        if (sealTo.Count != recipients && sealTo.Count != recipients + 1)
            throw new ArgumentException("A body is sealed to each of `to`, `info` and `alternates` once, and at most to the sender.");
        return SealedBody.Seal(content, sealTo);
    }

    private static void Require(IReadOnlyList<FieldProblem> problems, string prefix)
    {
        if (problems.Count > 0)
            throw new ArgumentException($"{prefix}{problems[0].Path}: {problems[0].Text}");
    }
}
