namespace MessageBackbone.Cli.Exchanging;

// What the commands read of the local API's answers and write into its requests; the names are those of /openapi/v1.json.

internal sealed record LooksLike(string MessageId, DateTimeOffset At)
{
    /// <summary>For people, as the end of a sentence or a cell.</summary>
    public string Told => $"looks like {Terminal.Plain.Line(MessageId)} of {Terminal.Plain.Time(At)}";
}

internal sealed record InboxItem(
    string MessageId, string From, string Precedence, string Kind, string Topic, string Reference, bool Exercise, DateTimeOffset ReceivedAt,
    DateTimeOffset? OpenedAt = null, string? Recall = null, LooksLike? LooksLike = null, int Attachments = 0)
{
    public bool IsDeleted => Recall == "deleted";
}

internal sealed record InboxPage(IReadOnlyList<InboxItem> Messages, long Quarantined = 0);

internal sealed record Arrivals(IReadOnlyList<InboxItem> Messages, long After);

internal sealed record MessageFacts(
    string MessageId, string From, IReadOnlyList<string> To, IReadOnlyList<string> Info, string Precedence, string Kind,
    string Conversation, string InReplyTo,
    string Reference, DateTimeOffset CreatedAt, HandlingFacts Handling, string Form, string Topic, bool Exercise,
    string Language, string DeadlineClass,
    DateTimeOffset? DeliverBy = null);

internal sealed record HandlingFacts(string Classification, IReadOnlyList<string> Codes, string Purpose, string LegalBasis, string? Note = null);

internal sealed record FilePart(string Name, string MediaType, string Data);

internal sealed record InboxDetail(MessageFacts Header);

internal sealed record OpenedMessage(MessageFacts Header, string Subject, string Text, string HandlingNote, bool FirstOpening, FilePart? File = null,
    LooksLike? LooksLike = null, IReadOnlyList<AttachmentFacts>? Attachments = null);

internal sealed record AttachmentFacts(string Sha256, string Name, string MediaType, long Size, string State, long Held, string Reason);

internal sealed record AttachmentList(IReadOnlyList<AttachmentFacts> Attachments);

internal sealed record AttachmentReply(string Token);

internal sealed record SendReply(string MessageId, LooksLike? LooksLike = null);

internal sealed record SentMessage(string State, string Reason, string Text, string ReplacedBy, string Replaces, DateTimeOffset QueuedAt);

internal sealed record TrackedReceipt(string Outcome, string Reason, string Officer, bool Verified, string Problem, DateTimeOffset? At = null);

internal sealed record TrackedRecipient(
    string Recipient, string State, uint Attempts, string Reason, IReadOnlyList<TrackedReceipt> Receipts, DateTimeOffset? DeliveredAt = null,
    DateTimeOffset? OpenedAt = null, DateTimeOffset? QuarantinedAt = null, string RefusedBy = "", string RedirectedTo = "", string InsteadOf = "",
    IReadOnlyList<TrackedStep>? Escalations = null, RequestClockFacts? Request = null);

internal sealed record TrackedStep(string Step, string To, string Reason, string Alternate, DateTimeOffset? At = null);

internal sealed record Tracking(
    ulong Position, IReadOnlyList<TrackedRecipient> Recipients, DateTimeOffset? AcceptedAt = null, DateTimeOffset? AsOf = null);

internal sealed record NotDelivered(string Recipient, string Reason, DateTimeOffset At, string ReportId);

internal sealed record MessageStatus(
    string NodeProblem, SentMessage? Sent = null, Tracking? Tracking = null, IReadOnlyList<NotDelivered>? NotDelivered = null,
    IReadOnlyList<Recalled>? Recall = null, LooksLike? LooksLike = null);

internal sealed record Recalled(
    string Recipient, string State, string StillHolds, string Reason, string LegalBasis, DateTimeOffset OrderedAt, DateTimeOffset? StatedAt = null);

internal sealed record RecallReply(string MessageId, string OrderId, IReadOnlyList<string> To);

internal sealed record SubscriptionReply(string Topic, ulong Position);

/// <summary>What <c>send</c> hands in. Null: left to the gateway.</summary>
internal sealed record NewMessage
{
    public required IReadOnlyList<string> To { get; init; }

    public required IReadOnlyList<string> Info { get; init; }

    public IReadOnlyList<AlternateFor>? Alternates { get; init; }

    public string? Topic { get; init; }

    public string? Precedence { get; init; }

    public string? Kind { get; init; }

    public string? Subject { get; init; }

    public string? Text { get; init; }

    public FilePart? File { get; init; }

    public string? Reference { get; init; }

    public HandlingFacts? Handling { get; init; }

    public string? Language { get; init; }

    public string? InReplyTo { get; init; }

    public string? Conversation { get; init; }

    public DateTimeOffset? DeliverBy { get; init; }

    public string? DeadlineClass { get; init; }

    public bool Exercise { get; init; }

    public string? Form { get; init; }

    public IReadOnlyList<string>? Attachments { get; init; }
}

/// <summary>Who gets the copy of a recipient that takes it over too late.</summary>
internal sealed record AlternateFor(string InsteadOf, string Bureau);
