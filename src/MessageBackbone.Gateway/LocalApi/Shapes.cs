using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MessageBackbone.Gateway.LocalApi;

internal sealed record SendRequest
{
    [Description("Codes of the bureaus that must act.")]
    public IReadOnlyList<string> To { get; init; } = [];

    [Description("Codes of the bureaus that get it for information.")]
    public IReadOnlyList<string> Info { get; init; } = [];

    [Description("Who gets the copy of a recipient that takes it over too late. It is sealed for them as well.")]
    public IReadOnlyList<AlternateShape> Alternates { get; init; } = [];

    [Description("A topic whose subscribers get it for information.")]
    public string Topic { get; init; } = "";

    [Description("routine, priority, immediate or flash. Default routine.")]
    public string Precedence { get; init; } = "routine";

    [Description("What it is: text, request, answer, alert.cap … Default text.")]
    public string Kind { get; init; } = "text";

    public string Subject { get; init; } = "";

    public string Text { get; init; } = "";

    public FileShape? File { get; init; }

    [Description("The bureau's own number, like FR-2026-000123.")]
    public string Reference { get; init; } = "";

    public HandlingShape? Handling { get; init; }

    [Description("BCP 47 tag of the text.")]
    public string Language { get; init; } = "";

    [Description("Id of the message that this one answers.")]
    public string InReplyTo { get; init; } = "";

    [Description("Id of the conversation. Default: a new one.")]
    public string Conversation { get; init; } = "";

    [Description("After this time delivery has no sense any more.")]
    public DateTimeOffset? DeliverBy { get; init; }

    [Description("Of a request: how long its answer may take, by the name of a class that the node has configured.")]
    public string DeadlineClass { get; init; } = "";

    public bool Exercise { get; init; }

    [Description("Tokens of files that were handed in at /attachments; each goes with one message.")]
    public IReadOnlyList<string> Attachments { get; init; } = [];

    [Description("sealed or clear. Clear only for kinds that the exchange policy names. Default sealed.")]
    public string Form { get; init; } = "sealed";
}

internal sealed record AlternateShape
{
    [Description("One of `to` and `info`.")]
    public string InsteadOf { get; init; } = "";

    public string Bureau { get; init; } = "";
}

internal sealed record ResendRequest
{
    [Description("Code of the bureau that gets it as well.")]
    public string To { get; init; } = "";
}

internal sealed record FileShape
{
    public string Name { get; init; } = "";

    public string MediaType { get; init; } = "";

    [Description("The bytes in base64.")]
    public string Data { get; init; } = "";
}

internal sealed record HandlingShape
{
    [Description("official_use_only, restricted or confidential.")]
    public string Classification { get; init; } = "";

    [Description("Of h0, h1, h2, h3.")]
    public IReadOnlyList<string> Codes { get; init; } = [];

    [Description("locate_wanted, identify, investigation, alert, identify_bodies, forensics, security_check, threat_analysis or border.")]
    public string Purpose { get; init; } = "";

    public string LegalBasis { get; init; } = "";

    [Description("What H3 means here; sealed with the content.")]
    public string Note { get; init; } = "";
}

internal sealed record LooksLikeShape(string MessageId, DateTimeOffset At);

internal sealed record SendReply(
    string MessageId, string Status,
    [property: Description("An earlier message with the same reference, recipients and day. A hint only: this one is sent all the same.")] LooksLikeShape? LooksLike);

internal sealed record OpenRequest
{
    [Description("A pseudonym that the bureau can resolve: [A-Za-z0-9._/ -]{1,64}. It goes to the sender with the receipt.")]
    public string Officer { get; init; } = "";
}

internal sealed record InboxItem(
    string MessageId, string From, string Precedence, string Kind, string Topic, string Reference, string Conversation, bool Exercise, ulong Position,
    ulong Sequence, DateTimeOffset ReceivedAt, DateTimeOffset? OpenedAt, string Officer,
    [property: Description("Empty; or what its sender's order to recall it led to: deleted or retained.")] string Recall,
    [property: Description("An earlier message of the same sender with the same reference, recipients and day. A hint only.")] LooksLikeShape? LooksLike,
    int Attachments);

internal sealed record InboxPage(
    IReadOnlyList<InboxItem> Messages,
    [property: Description("How many came, could not be processed, and were not delivered since; the node's operators release or refuse them.")] long Quarantined);

internal sealed record ArrivalsPage(
    IReadOnlyList<InboxItem> Messages, [property: Description("Give it as `after` to get what comes next.")] long After);

internal sealed record HeaderShape(
    string MessageId, string From, IReadOnlyList<string> To, IReadOnlyList<string> Info, string Precedence, string Kind, string Conversation, string InReplyTo,
    string Reference, DateTimeOffset CreatedAt, DateTimeOffset? DeliverBy, HandlingShape Handling, string Form, ulong BodySize, string Topic, bool Exercise,
    string Language, string DeadlineClass, string BodySha256, string ContentSha256);

internal sealed record InboxDetail(InboxItem Message, HeaderShape Header, string HeaderSha256);

internal sealed record OpenedShape(
    HeaderShape Header, string Subject, string Text, FileShape? File, string HandlingNote, bool FirstOpening, LooksLikeShape? LooksLike,
    IReadOnlyList<AttachmentShape> Attachments);

internal sealed record AttachmentShape(
    [property: Description("Of the ciphertext: by it the attachment is asked for.")] string Sha256, string Name, string MediaType, long Size,
    [property: Description("fetching, here or failed.")] string State, [property: Description("Bytes that are here.")] long Held, string Reason);

internal sealed record AttachmentsReply(IReadOnlyList<AttachmentShape> Attachments);

internal sealed record AttachmentReply(
    [property: Description("Give it in `attachments` of one message. It holds the file's key: keep it to yourself.")] string Token, string Name, string MediaType,
    long Size, string Sha256);

internal sealed record SentItem(
    string MessageId, string State, string Precedence, string Kind, string Reference, IReadOnlyList<string> Recipients, int Size, DateTimeOffset QueuedAt,
    string QueuedBy, DateTimeOffset? DecidedAt, ulong? Position, string Reason, string Text, string ReplacedBy, string Replaces, int SignedAgain);

internal sealed record SentPage(IReadOnlyList<SentItem> Messages, [property: Description("Give it as `before` to get the next page; absent on the last.")] long? Before);

internal sealed record ReceiptShape(string Outcome, string Reason, DateTimeOffset? At, string Officer, bool Verified, string Problem);

internal sealed record RecipientShape(
    string Recipient, string State, uint Attempts, DateTimeOffset? DeliveredAt, DateTimeOffset? OpenedAt, string Reason, ulong Sequence, IReadOnlyList<ReceiptShape> Receipts,
    [property: Description("Since when its gateway keeps it apart, which could not process it.")] DateTimeOffset? QuarantinedAt,
    [property: Description("The operator who refused it in the recipient's place; empty: nobody did.")] string RefusedBy,
    [property: Description("The alternate who gets it, or a copy of it; empty: it was not redirected.")] string RedirectedTo, DateTimeOffset? RedirectedAt,
    [property: Description("The recipient in whose place this bureau got it; empty: it is a recipient itself.")] string InsteadOf,
    [property: Description("What was done because it was late, in order.")] IReadOnlyList<EscalationShape> Escalations,
    [property: Description("The clock of the answer that it owes; absent: it owes none.")] RequestShape? Request);

internal sealed record EscalationShape(string Step, DateTimeOffset? At, string To, string Reason, string Alternate);

internal sealed record TrackingShape(
    DateTimeOffset? AcceptedAt, ulong Position, IReadOnlyList<RecipientShape> Recipients,
    [property: Description("When the carry file was written that told this; absent when the node said it now.")] DateTimeOffset? AsOf = null);

internal sealed record MessageStatus(
    SentItem? Sent, [property: Description("What the node knows; absent when it cannot be asked, see node_problem.")] TrackingShape? Tracking, string NodeProblem,
    [property: Description("What signed reports in the inbox say: who will not get it any more. Known also while the node cannot be asked.")]
    IReadOnlyList<NotDeliveredShape> NotDelivered,
    [property: Description("Who was asked to give it back, and who still holds it. Statements count also while the node cannot be asked.")]
    IReadOnlyList<RecallShape> Recall,
    [property: Description("An earlier message with the same sender, reference, recipients and day. A hint only.")] LooksLikeShape? LooksLike);

internal sealed record RecallShape(
    string Recipient,
    [property: Description("queued, refused, asked_back, recalled_before_delivery, deleted, not_held or retained.")] string State,
    [property: Description("yes, no or unknown.")] string StillHolds, string Reason, string LegalBasis, DateTimeOffset OrderedAt, DateTimeOffset? StatedAt,
    string OrderId, string StatementId);

internal sealed record RecallRequest
{
    [Description("A code, [A-Z_]{1,64}, like SENT_IN_ERROR.")]
    public string Reason { get; init; } = "";

    [Description("Recipients of the message to ask; empty: all.")]
    public IReadOnlyList<string> To { get; init; } = [];

    [Description("Empty: the message's own.")]
    public string Precedence { get; init; } = "";
}

internal sealed record RecallReply(string MessageId, string OrderId, IReadOnlyList<string> To, string Status);

internal sealed record NotDeliveredShape(string Recipient, string Reason, DateTimeOffset At, string ReportId);

internal sealed record SubscriptionReply(string Topic, ulong Position);

internal sealed record OutboxStatus(int Waiting, long WaitingBytes, int MostMessages, long MostBytes, int InFlight, string Trouble);

internal sealed record InboxStatus(long Messages, long Unopened, long ReceiptsToSend, long Quarantined);

internal sealed record DirectoryStatus(ulong Position, bool Following, int Bureaus, IReadOnlyList<string> Subscriptions, IReadOnlyList<KeptOutShape> KeptOut);

internal sealed record KeptOutShape(string Bureau, string Sha256, string Problem);

internal sealed record StatusReply(
    string Bureau, Uri Node, bool Attending, string LastEnd, OutboxStatus Outbox, InboxStatus Inbox, DirectoryStatus Directory,
    IReadOnlyDictionary<string, DateTimeOffset> CertificatesEnd);

internal sealed record CarryCountShape(string Precedence, ulong Count);

internal sealed record CarryShape(
    string Bureau, string Direction, ulong Number, string Sha256, ulong Size, DateTimeOffset? CreatedAt, IReadOnlyList<CarryCountShape> Messages, ulong Receipts,
    ulong Answers, ulong Trackings,
    [property: Description("The file was taken before; nothing was done.")] bool AlreadyImported,
    [property: Description("The file was only judged; nothing was done.")] bool Checked,
    ulong Taken, ulong Repeated, ulong Refused, ulong ReceiptsRefused,
    [property: Description("Waiting messages that the file does not hold, because of its bounds.")] ulong Left,
    [property: Description("Messages that no file can hold; they wait for a line.")] IReadOnlyList<string> NotCarried,
    [property: Description("So many more of them, which are not named.")] ulong NotCarriedMore);

internal sealed record HealthReply(string Status, IReadOnlyDictionary<string, bool> Checks);

internal static class LocalJson
{
    /// <summary>snake_case; a member that is not known is refused, since it might be a restriction that the caller relies on.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.AllowDuplicateProperties = false;
        // A request has 3 levels; the description of the deepest answer takes two for each of its own, and is not written where they are too few.
        options.MaxDepth = 16;
    }
}
