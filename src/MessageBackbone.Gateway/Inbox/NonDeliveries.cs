using System.Globalization;
using Google.Protobuf;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Inbox;

/// <summary>A report that verified: who did not get a message of this bureau, and why.</summary>
internal sealed record NotDelivered(string Recipient, string Reason, DateTimeOffset At, string ReportId);

/// <summary>The house's non-delivery reports: what they say of a sent message, and how an officer reads one.</summary>
internal sealed class NonDeliveries(InboxStore inbox, OutboxStore outbox, KeyRing keys)
{
    /// <summary>What the reports in the inbox say of a message that this bureau sent. One that does not verify, or is about another header, says
    /// nothing.</summary>
    public IReadOnlyList<NotDelivered> Of(OutboxEntry sent)
    {
        if (!ReceiptBuilding.TryRead(outbox.Header(sent.Row), MessageHeader.Parser, out _, out var header, out _)) return [];
        var found = new List<NotDelivered>();
        foreach (var message in inbox.Reports(header.ConversationId))
        {
            var content = SealedContent.Parser.WithDiscardUnknownFields(true).ParseFrom(message.Body);
            if (!NonDelivery.TryRead(Opening.Header(message), content, keys.Anchor, out var report, out _)) continue;
            if (report.MessageId == sent.MessageId && report.HeaderSha256.Span.SequenceEqual(sent.HeaderSha256))
                found.Add(new NotDelivered(report.Recipient, report.Reason, report.At.ToDateTimeOffset(), message.Entry.MessageId));
        }
        return found;
    }

    /// <summary>The content of a report in words; its signed form stays with it as a file.</summary>
    /// <exception cref="InvalidOperationException">It does not verify: nothing of it is shown.</exception>
    public SealedContent InWords(MessageHeader header, SealedContent content)
    {
        if (!NonDelivery.TryRead(header, content, keys.Anchor, out var report, out var problem))
            throw new InvalidOperationException($"The report on a message that was not delivered does not verify: {problem}");
        var number = header.Reference.Length > 0 ? $" (your reference {header.Reference})" : "";
        var at = report.At.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var why = report.Reason switch
        {
            Reasons.Expired => "its time to be delivered passed before the bureau acknowledged it",
            Reasons.BureauClosed => "the bureau was closed for good before it acknowledged it",
            Reasons.Quarantined => "the bureau's gateway could not process it, and an operator of the backbone refused it",
            var code => $"reason {code}",
        };
        var words = content.Clone();
        words.Subject = $"Not delivered to {report.Recipient}";
        words.Text = $"Your message {report.MessageId}{number} was not delivered to {report.Recipient}, and delivery ended at {at}: {why}. "
            + (report.Reason == Reasons.BureauClosed
                ? "It never will be. If it still matters, send it to the bureau that took over."
                : "Nobody tries again. If it still matters, send it anew.");
        words.FileName = $"nondelivery-{report.MessageId}-{report.Recipient}.cms";
        return words;
    }
}
