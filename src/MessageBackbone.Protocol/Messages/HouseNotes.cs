using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Messages;

/// <summary>What the house writes about a message: an ordinary message whose clear content holds an object that a node signed (wire.md §5).</summary>
internal static class HouseNotes
{
    public const string MediaType = "application/cms";

    /// <summary>Takes precedence, conversation and reference of the message that it is about.</summary>
    public static Envelope Compose(
        IMessage note, string kind, MessageHeader about, string to, BureauCode house, X509Certificate2 sign, MessageId id, DateTimeOffset at)
    {
        var header = new MessageHeader
        {
            To = { to },
            Precedence = about.Precedence,
            Kind = kind,
            ConversationId = about.ConversationId,
            InReplyTo = about.MessageId,
            Reference = about.Reference,
            // It says no more than the message's own header does.
            Handling = new Handling { Classification = Classification.OfficialUseOnly, Purpose = about.Handling.Purpose },
            BodyForm = BodyForm.Clear,
            Exercise = about.Exercise,
        };
        var content = new SealedContent { Data = ByteString.CopyFrom(ReceiptBuilding.Sign(note, sign, at)), MediaType = MediaType };
        return MessageComposing.Compose(new MessageDraft(header, content), [], sign, id, house, at);
    }

    /// <summary>Reads and verifies what it says. That its message is good is for <see cref="MessageOpening"/> to say.</summary>
    public static bool TryRead<T>(
        MessageHeader header, SealedContent content, TrustAnchor anchor, MessageParser<T> parser, Func<T, IReadOnlyList<FieldProblem>> check,
        Func<T, string> about, [NotNullWhen(true)] out T? note, out string problem)
        where T : class, IMessage<T>
    {
        if (!ReceiptBuilding.TryRead(content.Data.Memory, parser, out var signed, out note, out problem)) return false;
        var verdict = anchor.Judge(signed.CertificateDer, CertificateUse.Sign, signed.SigningTime, HolderRole.Node);
        if (!verdict.Ok)
            problem = verdict.Problem;
        else if (!signed.VerifySignature())
            problem = "The signature does not verify.";
        else if (check(note) is [var first, ..])
            problem = $"{first.Path}: {first.Text}";
        else if (about(note) != header.InReplyTo)
            problem = "It is about another message than the one that it answers.";
        if (problem.Length > 0) note = null;
        return problem.Length == 0;
    }
}
