using MessageBackbone.Gateway.Attachments;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Composing;

/// <summary>What somebody in the bureau wants to send. Text, data or both; everything else has a default.</summary>
public sealed record Draft
{
    /// <summary>Who must act. At least one of <see cref="To"/>, <see cref="Info"/> and <see cref="Topic"/>.</summary>
    public IReadOnlyList<string> To { get; init; } = [];

    /// <summary>For information.</summary>
    public IReadOnlyList<string> Info { get; init; } = [];

    /// <summary>Who may get the copy of a recipient that takes it over too late; sealed for like a recipient.</summary>
    public IReadOnlyList<Alternate> Alternates { get; init; } = [];

    /// <summary>Its subscribers are added to <see cref="Info"/>.</summary>
    public string Topic { get; init; } = "";

    public Precedence Precedence { get; init; } = Precedence.Routine;

    public string Kind { get; init; } = "text";

    public BodyForm Form { get; init; } = BodyForm.Sealed;

    /// <summary>Null: as configured.</summary>
    public Handling? Handling { get; init; }

    public string HandlingNote { get; init; } = "";

    public string Subject { get; init; } = "";

    public string Text { get; init; } = "";

    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Of <see cref="Data"/>.</summary>
    public string MediaType { get; init; } = "";

    public string FileName { get; init; } = "";

    /// <summary>The bureau's own number.</summary>
    public string Reference { get; init; } = "";

    public string Language { get; init; } = "";

    public string InReplyTo { get; init; } = "";

    /// <summary>Empty: a new conversation.</summary>
    public string ConversationId { get; init; } = "";

    public DateTimeOffset? DeliverBy { get; init; }

    public string DeadlineClass { get; init; } = "";

    public bool Exercise { get; init; }

    /// <summary>Files that were handed in before; each goes with one message.</summary>
    public IReadOnlyList<StagedAttachment> Attachments { get; init; } = [];
}

/// <summary>A draft that is not sent. Nothing of it was kept. The text repeats nothing of the draft's content.</summary>
public sealed class DraftRefusedException(string reason, string text, IReadOnlyList<string> fields) : Exception(text)
{
    /// <summary>The gateway's own codes beside those of the contract.</summary>
    public const string OutboxFull = "OUTBOX_FULL";

    /// <summary>The message that is to be recalled waits for the node's answer.</summary>
    public const string NotAcceptedYet = "NOT_ACCEPTED_YET";

    /// <summary>The recipient is known, but no seal certificate of it is vouched for by this gateway's own CA, valid and unrevoked.</summary>
    public const string NotVouchedFor = "RECIPIENT_NOT_VOUCHED_FOR";

    public string Reason { get; } = reason;

    /// <summary>Paths as in the header or the content.</summary>
    public IReadOnlyList<string> Fields { get; } = fields;
}
