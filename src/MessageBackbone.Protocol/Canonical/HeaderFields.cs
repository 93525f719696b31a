using Google.Protobuf.Collections;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Canonical;

/// <summary>All rules of wire.md §1 and §4 on a header's fields that need no clock, directory or option: coded values only, no free text.</summary>
public static class HeaderFields
{
    public const ulong LargestAttachment = 10UL << 30;

    /// <returns>What is wrong, at most 32; empty when nothing is. The number of recipients and the times against a clock are the node's to
    /// judge.</returns>
    public static IReadOnlyList<FieldProblem> Check(MessageHeader header)
    {
        var checks = new FieldChecks();
        CheckNames(header, checks);
        CheckRecipients(header, checks);
        CheckCodes(header, checks);
        CheckHandling(header.Handling, checks);
        CheckBody(header, checks);
        CheckAttachments(header, checks);
        return checks.Problems;
    }

    private static void CheckNames(MessageHeader header, FieldChecks checks)
    {
        checks.MessageId(header.MessageId, "message_id");
        checks.Bureau(header.From, "from");
        checks.Require(Patterns.IsUuid(header.ConversationId), "conversation_id", "Required: a UUID in lower case.");
        checks.Optional(header.InReplyTo, Patterns.IsUuid, "in_reply_to", "Empty, or a UUID in lower case.");
        checks.Reference(header.Reference, "reference");
    }

    private static void CheckRecipients(MessageHeader header, FieldChecks checks)
    {
        checks.Require(header.To.Count + header.Info.Count > 0, "to", "At least one recipient in `to` or `info`.");
        var named = new HashSet<string>();
        CheckBureaus(header.To, "to", named, checks);
        CheckBureaus(header.Info, "info", named, checks);
        var recipients = new HashSet<string>(named);
        for (var i = 0; i < header.Alternates.Count; i++)
        {
            var alternate = header.Alternates[i];
            checks.Require(recipients.Contains(alternate.InsteadOf), $"alternates[{i}].instead_of", "One of the bureaus of `to` and `info`.");
            checks.Bureau(alternate.Bureau, $"alternates[{i}].bureau");
            checks.Require(named.Add(alternate.Bureau), $"alternates[{i}].bureau", "No bureau twice in `to`, `info` and `alternates`.");
        }
    }

    private static void CheckBureaus(RepeatedField<string> bureaus, string path, HashSet<string> named, FieldChecks checks)
    {
        for (var i = 0; i < bureaus.Count; i++)
        {
            checks.Bureau(bureaus[i], $"{path}[{i}]");
            checks.Require(named.Add(bureaus[i]), $"{path}[{i}]", "No bureau twice in `to`, `info` and `alternates`.");
        }
    }

    private static void CheckCodes(MessageHeader header, FieldChecks checks)
    {
        checks.Require(header.Precedence is >= Precedence.Routine and <= Precedence.Flash, "precedence", "One of the precedences of the contract.");
        checks.Require(Patterns.IsKind(header.Kind), "kind", "Required: [a-z][a-z0-9.-]{0,63}.");
        checks.Optional(header.Topic, Patterns.IsTopic, "topic", "Empty, or [a-z][a-z0-9.-]{0,63}.");
        checks.Optional(header.DeadlineClass, Patterns.IsDeadlineClass, "deadline_class", "Empty, or [a-z][a-z0-9.-]{0,63}.");
        checks.Optional(header.Language, Patterns.IsLanguage, "language", "Empty, or a BCP 47 tag.");
        checks.Time(header.CreatedAt, "created_at");
        if (header.DeliverBy is null)
            return;
        checks.Time(header.DeliverBy, "deliver_by");
        checks.Require(
            !TimestampReading.TryRead(header.CreatedAt, out var created) || !TimestampReading.TryRead(header.DeliverBy, out var by) || by > created,
            "deliver_by", "Later than `created_at`.");
    }

    private static void CheckHandling(Handling? handling, FieldChecks checks)
    {
        checks.Require(handling is not null, "handling", "Required.");
        if (handling is null)
            return;
        checks.Require(
            handling.Classification is >= Classification.OfficialUseOnly and <= Classification.Confidential, "handling.classification",
            "One of the classifications of the contract.");
        checks.Require(handling.Purpose is >= Purpose.LocateWanted and <= Purpose.Border, "handling.purpose", "One of the purposes of the contract.");
        var seen = new HashSet<HandlingCode>();
        for (var i = 0; i < handling.Codes.Count; i++)
        {
            checks.Require(handling.Codes[i] is >= HandlingCode.H0 and <= HandlingCode.H3 && seen.Add(handling.Codes[i]), $"handling.codes[{i}]",
                "One of H0 to H3, each once.");
        }
        checks.Reference(handling.LegalBasis, "handling.legal_basis");
    }

    private static void CheckBody(MessageHeader header, FieldChecks checks)
    {
        checks.Require(header.BodyForm is BodyForm.Sealed or BodyForm.Clear, "body_form", "SEALED or CLEAR.");
        checks.Digest(header.BodySha256, "body_sha256");
        checks.Digest(header.ContentSha256, "content_sha256");
        checks.Require(header.BodySize > 0, "body_size", "The number of bytes of the body: never 0.");
        checks.Require(header.BodyForm != BodyForm.Clear || header.BodySha256.Equals(header.ContentSha256), "content_sha256",
            "Equal to `body_sha256` where the body is CLEAR.");
    }

    private static void CheckAttachments(MessageHeader header, FieldChecks checks)
    {
        var seen = new HashSet<Google.Protobuf.ByteString>();
        for (var i = 0; i < header.Attachments.Count; i++)
        {
            var attachment = header.Attachments[i];
            checks.Digest(attachment.Sha256, $"attachments[{i}].sha256");
            checks.Require(seen.Add(attachment.Sha256), $"attachments[{i}].sha256", "No attachment twice.");
            checks.Require(attachment.Size <= LargestAttachment, $"attachments[{i}].size", "At most 10 GiB.");
            checks.Require(Patterns.IsMediaType(attachment.MediaType), $"attachments[{i}].media_type", "Required: [a-z0-9][a-z0-9.+/-]{0,126}.");
        }
    }
}
