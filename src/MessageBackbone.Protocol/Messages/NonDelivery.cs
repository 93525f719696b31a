using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Messages;

/// <summary>Non-delivery reports (wire.md §5): an ordinary message from the house to a sender, whose clear content holds the signed report.</summary>
public static class NonDelivery
{
    public const string MediaType = "application/cms";

    /// <param name="message">The header of the message that is reported; the report goes to its sender and takes its precedence, conversation and
    /// reference.</param>
    /// <param name="sign">A sign certificate of role <c>node</c> with its key.</param>
    public static Envelope Compose(
        NonDeliveryReport report, MessageHeader message, BureauCode house, X509Certificate2 sign, MessageId id, DateTimeOffset at)
    {
        var header = new MessageHeader
        {
            To = { message.From },
            Precedence = message.Precedence,
            Kind = MessageOpening.NonDeliveryKind,
            ConversationId = message.ConversationId,
            InReplyTo = message.MessageId,
            Reference = message.Reference,
            // It says no more than the message's own header does.
            Handling = new Handling { Classification = Classification.OfficialUseOnly, Purpose = message.Handling.Purpose },
            BodyForm = BodyForm.Clear,
            Exercise = message.Exercise,
        };
        var content = new SealedContent { Data = ByteString.CopyFrom(ReceiptBuilding.Sign(report, sign, at)), MediaType = MediaType };
        return MessageComposing.Compose(new MessageDraft(header, content), [], sign, id, house, at);
    }

    /// <summary>Reads and verifies what a report says. That its message is good is for <see cref="MessageOpening"/> to say.</summary>
    public static bool TryRead(
        MessageHeader header, SealedContent content, TrustAnchor anchor, [NotNullWhen(true)] out NonDeliveryReport? report, out string problem)
    {
        if (!ReceiptBuilding.TryRead(content.Data.Memory, NonDeliveryReport.Parser, out var signed, out report, out problem)) return false;
        var verdict = anchor.Judge(signed.CertificateDer, CertificateUse.Sign, signed.SigningTime, HolderRole.Node);
        if (!verdict.Ok)
            problem = verdict.Problem;
        else if (!signed.VerifySignature())
            problem = "The signature does not verify.";
        else if (Check(report) is [var first, ..])
            problem = $"{first.Path}: {first.Text}";
        else if (report.MessageId != header.InReplyTo)
            problem = "The report is about another message than the one that it answers.";
        if (problem.Length > 0) report = null;
        return problem.Length == 0;
    }

    private static IReadOnlyList<FieldProblem> Check(NonDeliveryReport report)
    {
        var checks = new FieldChecks();
        checks.MessageId(report.MessageId, "message_id");
        checks.Digest(report.HeaderSha256, "header_sha256");
        checks.Bureau(report.Recipient, "recipient");
        checks.Require(Patterns.IsReasonCode(report.Reason), "reason", "[A-Z_]{1,64}.");
        checks.Time(report.At, "at");
        return checks.Problems;
    }
}
