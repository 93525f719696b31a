using System.Globalization;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Inbox;

/// <summary>How an officer reads orders to recall and statements about them. Their signed form stays with them as a file.</summary>
internal sealed class RecallWords(RecallStore recalls)
{
    /// <summary>The statement in a message of the inbox; null: it does not verify.</summary>
    public static RecallStatement? Statement(InboxMessage message) =>
        ReceiptBuilding.TryRead(message.Header, MessageHeader.Parser, out var signed, out var header, out _)
        && Recalls.TryReadStatement(signed, header, Content(message), out var statement, out _) ? statement : null;

    public SealedContent Of(InboxMessage message, MessageHeader header, SealedContent content)
    {
        var words = content.Clone();
        (words.Subject, words.Text) = header.Kind == Recalls.OrderKind ? Order(header) : Statement(message, header);
        words.FileName = $"{header.Kind}-{header.MessageId}.cms";
        return words;
    }

    /// <summary>Why a message of the inbox cannot be read any more.</summary>
    public string WhyDeleted(InboxMessage message)
    {
        var recalled = recalls.Newest(message.Entry.MessageId);
        return recalled is null
            ? "Its sender recalled it, and its content was deleted."
            : $"{message.Entry.Sender} recalled it with order {recalled.OrderId}, and its content was deleted at {Time(recalled.At)}.";
    }

    private (string Subject, string Text) Order(MessageHeader header)
    {
        if (recalls.Find(header.MessageId) is not { } done)
            return ("An order to recall that does not verify", $"{header.From} sent an order to recall a message that does not verify. Nothing was done.");
        var what = done.State switch
        {
            RecallState.Retained => $"It is kept here, on the legal basis {done.LegalBasis}",
            RecallState.NotHeld => "It is not held here, and would be shown to nobody if it still came",
            _ => "Its content was deleted here; its header and the receipts stay",
        };
        return (
            $"{header.From} recalled a message",
            $"{header.From} recalled its message {done.MessageId}{Number(header, "its")}. {what}: so it was at {Time(done.At)}, "
                + $"and {header.From} was told with statement {done.StatementId}.");
    }

    private static (string Subject, string Text) Statement(InboxMessage message, MessageHeader header)
    {
        if (Statement(message) is not { } said)
            return ("A statement that does not verify", $"{header.From} sent a statement about a recalled message that does not verify.");
        var (subject, text) = said.State switch
        {
            RecallState.Deleted => ("deleted", "deleted it"),
            RecallState.NotHeld => ("does not hold", "does not hold it"),
            _ => ("keeps", $"keeps it, on the legal basis {said.LegalBasis}"),
        };
        return (
            $"{header.From} {subject} the recalled message",
            $"{header.From} states about your message {said.MessageId}{Number(header, "your")}, which you recalled ({said.Reason}): it {text}. "
                + $"So it was at {Time(said.At.ToDateTimeOffset())}.");
    }

    private static SealedContent Content(InboxMessage message) => SealedContent.Parser.WithDiscardUnknownFields(true).ParseFrom(message.Body);

    private static string Number(MessageHeader header, string whose) => header.Reference.Length > 0 ? $" ({whose} reference {header.Reference})" : "";

    private static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
