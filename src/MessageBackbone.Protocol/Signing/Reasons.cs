namespace MessageBackbone.Protocol.Signing;

/// <summary>Every reason of a refusal (wire.md §7) and of a receipt that says REFUSED (§4).</summary>
public static class Reasons
{
    public const string Malformed = "MALFORMED";
    public const string FieldInvalid = "FIELD_INVALID";
    public const string BodyMismatch = "BODY_MISMATCH";
    public const string TooManyRecipients = "TOO_MANY_RECIPIENTS";
    public const string ClockSkew = "CLOCK_SKEW";
    public const string TooLarge = "TOO_LARGE";
    public const string QuotaExceeded = "QUOTA_EXCEEDED";
    public const string BadSignature = "BAD_SIGNATURE";
    public const string CertificateNotValid = "CERTIFICATE_NOT_VALID";
    public const string SignerIsNotSender = "SIGNER_IS_NOT_SENDER";
    public const string NotYourBureau = "NOT_YOUR_BUREAU";
    public const string RoleRequired = "ROLE_REQUIRED";
    public const string ExchangeNotPermitted = "EXCHANGE_NOT_PERMITTED";
    public const string ClassificationNotPermitted = "CLASSIFICATION_NOT_PERMITTED";
    public const string UnknownBureau = "UNKNOWN_BUREAU";
    public const string UnknownRecipient = "UNKNOWN_RECIPIENT";
    public const string UnknownMessage = "UNKNOWN_MESSAGE";
    public const string DuplicateIdDifferentBytes = "DUPLICATE_ID_DIFFERENT_BYTES";
    public const string Expired = "EXPIRED";
    public const string AlreadyFinal = "ALREADY_FINAL";
    public const string DirectoryChanged = "DIRECTORY_CHANGED";
    public const string StoreUnavailable = "STORE_UNAVAILABLE";
    public const string NotLeader = "NOT_LEADER";
    public const string Draining = "DRAINING";
    public const string Superseded = "SUPERSEDED";

    /// <summary>Receipt: the header's signed object, its signer or its content is not what it must be.</summary>
    public const string SignatureInvalid = "SIGNATURE_INVALID";

    /// <summary>Receipt: structure or tag of the sealed body, or its content is not canonical.</summary>
    public const string CannotOpen = "CANNOT_OPEN";

    /// <summary>Receipt: body_sha256 or content_sha256.</summary>
    public const string ContentMismatch = "CONTENT_MISMATCH";

    /// <summary>Receipt: the content was sealed for another message, sender or list of recipients.</summary>
    public const string NotForUs = "NOT_FOR_US";

    /// <summary>Report: an operator refused the message while the recipient's gateway kept it apart.</summary>
    public const string Quarantined = "QUARANTINED";

    /// <summary>Report: the recipient was closed for good before it acknowledged the message.</summary>
    public const string BureauClosed = "BUREAU_CLOSED";

    /// <summary>Receipt QUARANTINED: checking the message failed for a reason that is none of the contract's.</summary>
    public const string CannotProcess = "CANNOT_PROCESS";

    /// <summary>Receipt QUARANTINED: the store takes other messages and not this one.</summary>
    public const string CannotStore = "CANNOT_STORE";

    /// <summary>Receipt QUARANTINED: the node announced a body and does not serve it.</summary>
    public const string BodyNotServed = "BODY_NOT_SERVED";

    /// <summary>Receipt: its sender recalled it before it came.</summary>
    public const string Recalled = "RECALLED";

    public static IReadOnlyList<string> Refusals { get; } =
    [
        Malformed, FieldInvalid, BodyMismatch, TooManyRecipients, ClockSkew, TooLarge, QuotaExceeded, BadSignature, CertificateNotValid,
        SignerIsNotSender, NotYourBureau, RoleRequired, ExchangeNotPermitted, ClassificationNotPermitted, UnknownBureau, UnknownRecipient,
        UnknownMessage, DuplicateIdDifferentBytes, Expired, AlreadyFinal, DirectoryChanged, StoreUnavailable, NotLeader, Draining, Superseded,
    ];

    public static IReadOnlyList<string> ReceiptRefusals { get; } = [SignatureInvalid, CannotOpen, ContentMismatch, NotForUs, Recalled];
}
