using MessageBackbone.Domain.Messages;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>An order to recall, or a statement about one, is what its kind says, and about a message of its sender's (decision 0105).</summary>
internal sealed class RecallCheck(IEventLog log)
{
    /// <summary>The form: what needs nothing but the message. The header's signer was judged, and what is inside is signed by the same certificate.</summary>
    public static void RequireForm(Submission submission)
    {
        var header = submission.Header;
        if (!Recalls.IsRecallKind(header.Kind))
        {
            return;
        }

        if (header.BodyForm != BodyForm.Clear)
        {
            throw Invalid("An order to recall and a statement about it travel CLEAR, for the node to read. Send it so.", "body_form");
        }

        if (header.Info.Count + header.Alternates.Count > 0 || header.Topic.Length > 0)
        {
            throw Invalid("An order to recall and a statement about it name their recipients in `to` alone.", "info", "alternates", "topic");
        }

        Read(submission, out _, out _);
    }

    /// <summary>What the messages say that it names. They never change, so this is asked once.</summary>
    public async Task RequireFitAsync(Submission submission, CancellationToken cancellationToken)
    {
        if (!Recalls.IsRecallKind(submission.Header.Kind))
        {
            return;
        }

        Read(submission, out var order, out var statement);
        var rejection = order is not null
            ? RecallRules.OfOrder(await AcceptedAsync(order.MessageId, cancellationToken), submission.Header, order)
            : RecallRules.OfStatement(
                await AcceptedAsync(submission.Header.InReplyTo, cancellationToken), await AcceptedAsync(statement!.MessageId, cancellationToken),
                submission.Header, statement);
        if (rejection is not null)
        {
            throw new RefusalException(rejection);
        }
    }

    private static void Read(Submission submission, out RecallOrder? order, out RecallStatement? statement)
    {
        (order, statement) = (null, null);
        var header = submission.Header;
        var problem = "A clear body is a canonical SealedContent.";
        if (CanonicalMessage.TryParse(submission.Envelope.Body.Memory, SealedContent.Parser, out var content, out _)
            && (header.Kind == Recalls.OrderKind
                ? Recalls.TryReadOrder(submission.Signed, header, content, out order, out problem)
                : Recalls.TryReadStatement(submission.Signed, header, content, out statement, out problem)))
        {
            return;
        }

        throw new RefusalException(
            Reasons.BodyMismatch, $"The body must hold the signed object that the kind names. Make it again and sign under a new id. {problem}", ["envelope.body"]);
    }

    private async Task<Accepted?> AcceptedAsync(string messageId, CancellationToken cancellationToken)
    {
        if (!Protocol.Identities.MessageId.TryParse(messageId, out var id))
        {
            return null;
        }

        await foreach (var recorded in log.ReadStreamAsync(StreamId.Message(id.Value), null, cancellationToken))
        {
            return Accepted.Parser.ParseFrom(recorded.Data.Span);
        }

        return null;
    }

    private static RefusalException Invalid(string text, params IReadOnlyList<string> fields) => new(Reasons.FieldInvalid, text, fields);
}
