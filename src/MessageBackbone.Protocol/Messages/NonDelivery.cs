using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Messages;

/// <summary>Non-delivery reports (wire.md §5): an ordinary message from the house to a sender, whose clear content holds the signed report.</summary>
public static class NonDelivery
{
    public const string MediaType = HouseNotes.MediaType;

    /// <param name="message">The header of the message that is reported; the report goes to its sender and takes its precedence, conversation and
    /// reference.</param>
    /// <param name="sign">A sign certificate of role <c>node</c> with its key.</param>
    public static Envelope Compose(
        NonDeliveryReport report, MessageHeader message, BureauCode house, X509Certificate2 sign, MessageId id, DateTimeOffset at) =>
        HouseNotes.Compose(report, MessageOpening.NonDeliveryKind, message, message.From, house, sign, id, at);

    /// <summary>Reads and verifies what a report says. That its message is good is for <see cref="MessageOpening"/> to say.</summary>
    public static bool TryRead(
        MessageHeader header, SealedContent content, TrustAnchor anchor, [NotNullWhen(true)] out NonDeliveryReport? report, out string problem) =>
        HouseNotes.TryRead(header, content, anchor, NonDeliveryReport.Parser, Check, static note => note.MessageId, out report, out problem);

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
