using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Node.Accepting;

/// <summary>The header's own fields, and its times against the node's clock.</summary>
internal static class FieldCheck
{
    private const int MostFieldsTold = 32;

    public static void Require(Submission submission, DateTimeOffset now, NodeLimits limits)
    {
        var header = submission.Header;
        if (header.To.Count + header.Info.Count + header.Alternates.Count > limits.Recipients)
        {
            throw new RefusalException(
                Reasons.TooManyRecipients, $"A message has at most {limits.Recipients} recipients. Send several, or use a topic.", ["to", "info", "alternates"]);
        }

        if (HeaderFields.Check(header) is { Count: > 0 } problems)
        {
            throw new RefusalException(
                Reasons.FieldInvalid, $"Correct `{problems[0].Path}` and sign again under a new id. {problems[0].Text}",
                [.. problems.Select(problem => problem.Path).Distinct(StringComparer.Ordinal).Take(MostFieldsTold)]);
        }

        if (MessageOpening.IsOfHouse(header.Kind))
        {
            throw new RefusalException(Reasons.FieldInvalid, "The node alone reports what was not delivered or is late. Send another kind.", ["kind"]);
        }

        RequireTimes(submission, now, limits);
    }

    private static void RequireTimes(Submission submission, DateTimeOffset now, NodeLimits limits)
    {
        var header = submission.Header;
        Times.Require(header.CreatedAt.ToDateTimeOffset(), "created_at", now, limits);
        Times.Require(submission.Signed.SigningTime, "signing-time", now, limits);
        Times.Require(MessageId.Parse(header.MessageId).Time, "message_id", now, limits);
        if (header.DeliverBy is { } deliverBy && deliverBy.ToDateTimeOffset() <= now)
        {
            throw new RefusalException(Reasons.Expired, "`deliver_by` has passed. Send it anew with a later one, or not at all.", ["deliver_by"]);
        }
    }
}
