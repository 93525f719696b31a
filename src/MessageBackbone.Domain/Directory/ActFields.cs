using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Directory;

/// <summary>The rules of signed.proto for an act's own fields; null: none is broken.</summary>
internal static class ActFields
{
    private const int LongestDisplayName = 100;
    private const int LargestCertificate = 16 * 1024;
    private const int MostRules = 10_000;
    private const int MostKinds = 100;
    private const int MostSubscribers = 2_000;
    private const string Any = "*";

    public static Decision? Problem(RegisterBureau act) =>
        Id(act.ActId, act.At)
        ?? Check(BureauCode.TryParse(act.Code, out _), "code", "A bureau code is two to eight capitals and, after a dash, a unit.")
        ?? Check(Patterns.IsOneLine(act.DisplayName, LongestDisplayName), "display_name",
            "Give the office a name of 1 to 100 characters without control characters.")
        ?? Check(act.HighestClassification is >= Classification.OfficialUseOnly and <= Classification.Confidential, "highest_classification",
            "Name the highest classification that this bureau may send and receive.");

    public static Decision? Problem(EnrolCertificate act, Holder holder) =>
        Id(act.ActId, act.At)
        ?? Check(act.Certificate.Length is > 0 and <= LargestCertificate, "certificate", "Send one DER certificate of at most 16 KiB.")
        ?? Check(MayHold(holder.Role, act.Use), "use", "A holder of this role has no certificate for this use.");

    public static Decision? Problem(RevokeCertificate act) =>
        Id(act.ActId, act.At)
        ?? Check(act.CertificateSha256.Length == Fingerprint.Size, "certificate_sha256", "Name the certificate by the 32 bytes of its SHA-256.")
        ?? Check(act.InvalidSince is not null && act.InvalidSince.CompareTo(act.At) <= 0, "invalid_since", "Say since when the key is not to be trusted: at or before `at`.")
        ?? Check(Patterns.IsReasonCode(act.Reason), "reason", "Give the reason as a code of capitals and underscores.");

    public static Decision? Problem(SetExchangePolicy act) =>
        Id(act.ActId, act.At)
        ?? Check(act.Rules.Count <= MostRules, "rules", "A policy has at most 10,000 rules.")
        ?? Check(act.Rules.All(IsRule), "rules", "A rule names two bureau codes or *, at most 100 kinds, and ALLOW or DENY.")
        ?? Check(act.ClearKinds.Count <= MostKinds && act.ClearKinds.All(Patterns.IsKind), "clear_kinds", "Name at most 100 kinds like alert.cap.");

    public static Decision? Problem(AllowTopic act) =>
        Id(act.ActId, act.At)
        ?? Check(Patterns.IsTopic(act.Topic), "topic", "A topic is a small letter followed by small letters, digits, dots and dashes, at most 64.")
        ?? Check(act.Subscribers.Count <= MostSubscribers && act.Subscribers.Distinct(StringComparer.Ordinal).Count() == act.Subscribers.Count, "subscribers",
            "Name each bureau once, at most 2,000.");

    public static Decision? Problem(CloseBureau act) =>
        Id(act.ActId, act.At)
        ?? Check(Patterns.IsReasonCode(act.Reason), "reason", "Give the reason as a code of capitals and underscores.");

    private static bool MayHold(HolderRole role, CertificateUse use) => use switch
    {
        CertificateUse.Tls => true,
        CertificateUse.Sign => role is HolderRole.Bureau or HolderRole.Node or HolderRole.Log or HolderRole.Secretariat,
        CertificateUse.Seal => role is HolderRole.Bureau,
        _ => false,
    };

    private static bool IsRule(ExchangeRule rule) =>
        IsParty(rule.From) && IsParty(rule.To) && rule.Kinds.Count <= MostKinds && rule.Kinds.All(Patterns.IsKind)
        && rule.Effect is ExchangeEffect.Allow or ExchangeEffect.Deny;

    private static bool IsParty(string party) => party == Any || BureauCode.TryParse(party, out _);

    private static Decision? Id(string actId, Google.Protobuf.WellKnownTypes.Timestamp? at) =>
        Check(MessageId.TryParse(actId, out _), "act_id", "An act_id is a UUIDv7 in lower case.")
        ?? Check(at is not null, "at", "Say when the act was made.");

    private static Decision? Check(bool holds, string field, string text) => holds ? null : Decision.No(Reasons.FieldInvalid, text, field);
}
