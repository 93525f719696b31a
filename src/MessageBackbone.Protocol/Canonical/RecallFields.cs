using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Canonical;

/// <summary>The rules on an order to recall and on a statement about it that need no context.</summary>
public static class RecallFields
{
    public static IReadOnlyList<FieldProblem> Check(RecallOrder order)
    {
        var checks = new FieldChecks();
        CheckCommon(order.MessageId, order.HeaderSha256, order.Reason, order.At, checks);
        return checks.Problems;
    }

    public static IReadOnlyList<FieldProblem> Check(RecallStatement statement)
    {
        var checks = new FieldChecks();
        CheckCommon(statement.MessageId, statement.HeaderSha256, statement.Reason, statement.At, checks);
        checks.Bureau(statement.Recipient, "recipient");
        checks.Require(statement.State is >= RecallState.Deleted and <= RecallState.Retained, "state", "One of the states of the contract.");
        checks.Require(
            statement.State == RecallState.Retained ? Patterns.IsLegalBasis(statement.LegalBasis) : statement.LegalBasis.Length == 0, "legal_basis",
            "[A-Za-z0-9._/ -]{1,64} with RETAINED, else empty.");
        return checks.Problems;
    }

    private static void CheckCommon(string messageId, ByteString headerSha256, string reason, Timestamp? at, FieldChecks checks)
    {
        checks.MessageId(messageId, "message_id");
        checks.Digest(headerSha256, "header_sha256");
        checks.Require(Patterns.IsReasonCode(reason), "reason", "[A-Z_]{1,64}.");
        checks.Time(at, "at");
    }
}
