using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Canonical;

/// <summary>The rules on a recipient's receipt that need no context.</summary>
public static class ReceiptFields
{
    public static IReadOnlyList<FieldProblem> Check(DeliveryReceipt receipt)
    {
        var checks = new FieldChecks();
        checks.MessageId(receipt.MessageId, "message_id");
        checks.Digest(receipt.HeaderSha256, "header_sha256");
        checks.Bureau(receipt.Recipient, "recipient");
        checks.Time(receipt.At, "at");
        checks.Digest(receipt.BodySha256, "body_sha256");
        checks.Require(
            receipt.Outcome is >= DeliveryOutcome.Delivered and <= DeliveryOutcome.Quarantined, "outcome", "One of the outcomes of the contract.");
        var mayHaveReason = receipt.Outcome is DeliveryOutcome.Refused or DeliveryOutcome.Quarantined;
        checks.Require(mayHaveReason ? Patterns.IsReasonCode(receipt.Reason) : receipt.Reason.Length == 0, "reason",
            "[A-Z_]{1,64} with REFUSED and QUARANTINED, else empty.");
        checks.Require(receipt.Officer.Length == 0 || receipt.Outcome == DeliveryOutcome.Opened, "officer", "Only with OPENED.");
        checks.Reference(receipt.Officer, "officer");
        return checks.Problems;
    }
}
