using System.Globalization;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Inbox;

/// <summary>The house's notices about requests, as an officer reads them: who owes an answer, until when, and what to do.</summary>
internal static class RequestWords
{
    private const string DueSoon = "REQUEST_DUE_SOON";

    public static bool Are(EscalationNotice notice) => notice.RequestStep != RequestStep.Unspecified;

    public static string Subject(EscalationNotice notice, string self) => (notice.Reason, notice.Recipient == self) switch
    {
        (DueSoon, true) => $"Your answer to {notice.From} is due at {At(notice)}",
        (DueSoon, false) => $"The answer of {notice.Recipient} to {notice.From} is due at {At(notice)}",
        (_, true) => $"Your answer to {notice.From} is overdue",
        _ => $"The answer of {notice.Recipient} is overdue",
    };

    public static string Text(EscalationNotice notice, MessageHeader header, string self)
    {
        var number = header.Reference.Length > 0 ? $", reference {header.Reference}," : "";
        if (notice.From == self)
        {
            return $"{notice.Recipient} owed an answer to your request {notice.MessageId}{number} by {At(notice)} ({notice.DeadlineClass}), and none has come. Its duty desk "
                + $"was told. The clock runs on until it answers; 'backbone track {notice.MessageId}' shows every step.";
        }

        var owed = $"{(notice.Recipient == self ? "You owe" : $"{notice.Recipient} owes")} {notice.From} an answer to its request {notice.MessageId}{number} "
            + $"({notice.DeadlineClass}). It {(notice.Reason == DueSoon ? "is" : "was")} due at {At(notice)}{(notice.Reason == DueSoon ? "" : ", and is overdue")}. ";
        return owed + (notice.Recipient == self
            ? $"To answer: backbone send --to {notice.From} --kind answer --reply-to {notice.MessageId}. "
                + $"To ask back, which stops the clock: backbone send --to {notice.From} --kind clarification --reply-to {notice.MessageId}."
            : $"See that {notice.Recipient} answers it, or asks back.");
    }

    private static string At(EscalationNotice notice) => notice.DueAt.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
