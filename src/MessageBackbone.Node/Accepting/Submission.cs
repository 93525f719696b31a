using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>An envelope whose header was read: profile and canonical form hold, nothing else is judged yet.</summary>
internal sealed record Submission(Caller Caller, Envelope Envelope, SignedObject Signed, MessageHeader Header, Fingerprint HeaderSha256)
{
    /// <summary>Everybody whom the sender names: to, info and alternates.</summary>
    public IEnumerable<string> Named => Header.To.Concat(Header.Info).Concat(Header.Alternates.Select(alternate => alternate.Bureau));

    /// <summary>Sizes, then profile and canonical form, then <c>from</c> = caller.</summary>
    public static Submission Read(Caller caller, Envelope? envelope, NodeLimits limits)
    {
        if (envelope is null)
        {
            throw new RefusalException(Reasons.Malformed, "Send an envelope.", ["envelope"]);
        }

        RequireSizes(envelope, limits);
        if (!ReceiptBuilding.TryRead(envelope.Header.Memory, MessageHeader.Parser, out var signed, out var header, out _))
        {
            throw new RefusalException(
                Reasons.Malformed, "Send a header that is a signed object of the profile over a canonical MessageHeader.", ["envelope.header"]);
        }

        caller.RequireOwn(header.From, "from");
        return new Submission(caller, envelope, signed, header, Fingerprint.Of(envelope.Header.Span));
    }

    /// <summary>Null where the id is none: the field checks say so later.</summary>
    public string? Id => MessageId.TryParse(Header.MessageId, out var id) ? id.Value : null;

    private static void RequireSizes(Envelope envelope, NodeLimits limits)
    {
        if (envelope.Header.Length > limits.HeaderBytes)
        {
            throw new RefusalException(Reasons.TooLarge, $"A header has at most {limits.HeaderBytes} bytes.", ["envelope.header"]);
        }

        if (envelope.Body.Length > limits.BodyBytes)
        {
            throw new RefusalException(Reasons.TooLarge, $"A body has at most {limits.BodyBytes} bytes. Send more as an attachment.", ["envelope.body"]);
        }
    }
}
