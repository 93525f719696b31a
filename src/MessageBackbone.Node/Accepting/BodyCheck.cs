using MessageBackbone.Domain;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>The body is the one that the header names, and has its structure. No key is needed for that.</summary>
internal static class BodyCheck
{
    /// <summary>The sealed body; null: it is clear.</summary>
    public static SealedBody? Require(Submission submission)
    {
        var (header, body) = (submission.Header, submission.Envelope.Body);
        if ((ulong)body.Length != header.BodySize || !header.BodySha256.Span.SequenceEqual(Fingerprint.Of(body.Span).ToArray()))
        {
            throw Mismatch("The body is not the one that the header names by hash and size. Send the body that was hashed.");
        }

        if (header.BodyForm == BodyForm.Clear)
        {
            RequireClear(header, body.Memory);
            return null;
        }

        return SealedBody.TryRead(body.Memory, out var parsed, out _)
            ? parsed
            : throw Mismatch("A sealed body is AuthEnvelopedData of the profile. Seal it again.");
    }

    private static void RequireClear(MessageHeader header, ReadOnlyMemory<byte> body)
    {
        if (!CanonicalMessage.TryParse(body, SealedContent.Parser, out var content, out _))
        {
            throw Mismatch("A clear body is a canonical SealedContent.");
        }

        if (content.MessageId != header.MessageId || content.From != header.From || !content.To.Equals(header.To) || !content.Info.Equals(header.Info))
        {
            throw Mismatch("The clear body repeats other message_id, from, to or info than the header.");
        }
    }

    private static RefusalException Mismatch(string text) => new(Reasons.BodyMismatch, text, ["envelope.body"]);
}
