using System.Globalization;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Inbox;

/// <summary>The house's notices of late deliveries and answers, as an officer reads them: what is late, what was done, and what to do.</summary>
internal sealed class LateNotices(KeyRing keys)
{
    /// <summary>The content of a notice in words; its signed form stays with it as a file.</summary>
    /// <exception cref="InvalidOperationException">It does not verify: nothing of it is shown.</exception>
    public SealedContent InWords(MessageHeader header, SealedContent content)
    {
        if (!Escalations.TryRead(header, content, keys.Anchor, out var notice, out var problem))
            throw new InvalidOperationException($"The notice of a late delivery does not verify: {problem}");
        var (words, self) = (content.Clone(), keys.Bureau.Value);
        words.FileName = $"late-{notice.MessageId}-{notice.Recipient}.cms";
        if (RequestWords.Are(notice))
        {
            (words.Subject, words.Text) = (RequestWords.Subject(notice, self), RequestWords.Text(notice, header, self));
            return words;
        }

        words.Subject = Subject(notice);
        words.Text = notice.From == self ? ToSender(notice, header) : ToRecipient(notice, header);
        return words;
    }

    private static string Subject(EscalationNotice notice) => notice.Reason switch
    {
        "REDIRECTED" => $"{notice.Recipient} is late: {notice.Alternate} gets it",
        "RESEAL_REQUESTED" => $"{notice.Recipient} is late: please send it to {notice.Alternate}",
        "NOT_OPENED" => $"Not opened at {notice.Recipient}",
        _ => $"Late at {notice.Recipient}",
    };

    private static string ToSender(EscalationNotice notice, MessageHeader header)
    {
        var what = $"Your message {notice.MessageId}{Number(header, "your")} to {notice.Recipient} {State(notice)}, and its time has passed.";
        return notice.Reason switch
        {
            "REDIRECTED" => $"{what} Since {At(notice)} it goes to {notice.Alternate}, the alternate that you named and sealed for.",
            "RESEAL_REQUESTED" => $"{what} You sealed it for nobody else, so only you can let {notice.Alternate} read it, who stands in for {notice.Recipient}. "
                + $"To send it there as well: backbone resend {notice.MessageId} --to {notice.Alternate}",
            _ => $"{what} The duty desk was told. It goes on waiting; 'backbone track {notice.MessageId}' shows every step.",
        };
    }

    private static string ToRecipient(EscalationNotice notice, MessageHeader header) =>
        $"A {Precedence(header)} message of {notice.From}{Number(header, "its")} to {notice.Recipient} {State(notice)}, and its time has passed. "
        + (notice.Reason == "NOT_OPENED"
            ? $"It lies in the inbox of {notice.Recipient}: open message {notice.MessageId}."
            : $"See that the gateway of {notice.Recipient} is attended and reaches the node; the message is {notice.MessageId}.");

    private static string State(EscalationNotice notice) => notice.Reason == "NOT_OPENED"
        ? "was delivered and opened by no officer"
        : "was not taken over as it should be";

    private static string Number(MessageHeader header, string whose) => header.Reference.Length > 0 ? $" ({whose} reference {header.Reference})" : "";

    private static string Precedence(MessageHeader header) => EnumNames.Of(header.Precedence).ToUpperInvariant();

    private static string At(EscalationNotice notice) => notice.At.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
