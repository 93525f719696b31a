using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Messages;

/// <summary>Who may recall what, and who may answer: what needs the messages that an order or a statement names. Its form was judged before.</summary>
public static class RecallRules
{
    /// <param name="original">The message that the order names; null: there is none.</param>
    /// <param name="header">Of the message that brings the order; its <c>from</c> is the caller.</param>
    /// <returns>Null: it may be accepted.</returns>
    public static Rejection? OfOrder(Accepted? original, MessageHeader header, RecallOrder order)
    {
        // One answer for both: nobody learns by it whether an id that is not theirs exists.
        if (original is null || original.Content.From != header.From)
        {
            return Unknown();
        }

        if (Recalls.IsRecallKind(original.Content.Kind))
        {
            return No("An order or a statement is not recalled itself. Recall the message that it is about, or send a newer statement.", "in_reply_to");
        }

        if (!order.HeaderSha256.Equals(original.HeaderSha256))
        {
            return No("The order names another header than the one that was accepted under this id.", "header_sha256");
        }

        return header.To.All(to => original.Recipients.Contains(to) || Redirection.InsteadOf(original.Content, to) is not null)
            ? null
            : No("An order goes to recipients and alternates of the message that it recalls, and to nobody else.", "to");
    }

    /// <param name="order">The message that the statement answers; null: there is none.</param>
    /// <param name="original">The message that the order recalls; null: there is none.</param>
    /// <param name="header">Of the message that brings the statement; its <c>from</c> is the caller.</param>
    /// <returns>Null: it may be accepted.</returns>
    public static Rejection? OfStatement(Accepted? order, Accepted? original, MessageHeader header, RecallStatement statement)
    {
        if (order is null || original is null || order.Content.Kind != Recalls.OrderKind || !order.Recipients.Contains(header.From))
        {
            return Unknown();
        }

        if (order.Content.InReplyTo != statement.MessageId || !statement.HeaderSha256.Equals(original.HeaderSha256))
        {
            return No("The statement is about another message than the order that it answers.", "message_id", "header_sha256");
        }

        return header.To is [var to] && to == order.Content.From
            ? null
            : No("A statement goes to the sender of the order that it answers, and to nobody else.", "to");
    }

    private static Rejection Unknown() => new(
        Reasons.UnknownMessage, "There is no such message of yours to recall, and no such order to you. Check the id.", ["in_reply_to"]);

    private static Rejection No(string text, params IReadOnlyList<string> fields) => new(Reasons.FieldInvalid, text, fields);
}
