using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Messages;

/// <summary>Notices of late deliveries: an ordinary message from the house to whom a step names, whose clear content holds the signed notice.</summary>
public static class Escalations
{
    /// <param name="message">The header of the message that is late; the notice takes its precedence, conversation and reference.</param>
    /// <param name="sign">A sign certificate of role <c>node</c> with its key.</param>
    public static Envelope Compose(
        EscalationNotice notice, MessageHeader message, BureauCode to, BureauCode house, X509Certificate2 sign, MessageId id, DateTimeOffset at) =>
        HouseNotes.Compose(notice, MessageOpening.EscalationKind, message, to.Value, house, sign, id, at);

    /// <summary>Reads and verifies what a notice says. That its message is good is for <see cref="MessageOpening"/> to say.</summary>
    public static bool TryRead(
        MessageHeader header, SealedContent content, TrustAnchor anchor, [NotNullWhen(true)] out EscalationNotice? notice, out string problem) =>
        HouseNotes.TryRead(header, content, anchor, EscalationNotice.Parser, Check, static note => note.MessageId, out notice, out problem);

    private static IReadOnlyList<FieldProblem> Check(EscalationNotice notice)
    {
        var checks = new FieldChecks();
        checks.MessageId(notice.MessageId, "message_id");
        checks.Digest(notice.HeaderSha256, "header_sha256");
        checks.Bureau(notice.Recipient, "recipient");
        var ofRequest = notice.RequestStep != RequestStep.Unspecified;
        checks.Require(
            ofRequest
                ? notice is { Step: EscalationStep.Unspecified, RequestStep: >= RequestStep.FirstReminder and <= RequestStep.Operator }
                : notice.Step is >= EscalationStep.DutyDesk and <= EscalationStep.Operator, "step", "One of the steps of the contract.");
        if (ofRequest)
        {
            checks.Time(notice.DueAt, "due_at");
            checks.Require(Patterns.IsDeadlineClass(notice.DeadlineClass), "deadline_class", "Required: [a-z][a-z0-9.-]{0,63}.");
        }

        checks.Require(Patterns.IsReasonCode(notice.Reason), "reason", "[A-Z_]{1,64}.");
        checks.Time(notice.At, "at");
        checks.Optional(notice.Alternate, Patterns.IsBureauCode, "alternate", "Empty, or a bureau code.");
        checks.Bureau(notice.From, "from");
        return checks.Problems;
    }
}
