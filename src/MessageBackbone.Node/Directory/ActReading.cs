using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Directory;

/// <summary>Reads a signed act and judges who signed it and when.</summary>
internal static class ActReading
{
    private const int LargestOrder = 3 << 20; // a policy of 10,000 rules is the largest act

    public static (TAct Act, SignedObject Signed) Read<TAct>(ByteString order, MessageParser<TAct> parser)
        where TAct : class, IMessage<TAct>
    {
        if (order.Length > LargestOrder)
        {
            throw new RefusalException(Reasons.TooLarge, "An act has at most 3 MiB.", ["order"]);
        }

        return ReceiptBuilding.TryRead(order.Memory, parser, out var signed, out var act, out _)
            ? (act, signed)
            : throw new RefusalException(Reasons.Malformed, "Send the act of this method, canonical and signed in the profile of signed objects.", ["order"]);
    }

    /// <summary>For an act that was not recorded before: a repeat is answered whatever has expired since.</summary>
    public static void RequireSecretariat(SignedObject signed, DirectoryState state, NodeIdentity node, DateTimeOffset now)
    {
        if (state.FindCertificate(Fingerprint.Read(signed.CertificateSha256)) is not { Use: CertificateUse.Sign, IsRevoked: false } signer
            || !node.Anchor.Judge(signed.CertificateDer, CertificateUse.Sign, now).Ok)
        {
            throw new RefusalException(Reasons.CertificateNotValid, "The act's signer is not enrolled, was revoked, or is not valid now.", ["order"]);
        }

        if (signer.Holder.Role != HolderRole.Secretariat)
        {
            throw new RefusalException(Reasons.RoleRequired, "Only the secretariat signs acts.", ["order"]);
        }

        if (!signed.VerifySignature())
        {
            throw new RefusalException(Reasons.BadSignature, "The act's signature does not fit its bytes. Sign it again.", ["order"]);
        }
    }

    public static void RequireTimely(Google.Protobuf.WellKnownTypes.Timestamp? at, SignedObject signed, DateTimeOffset now, NodeLimits limits)
    {
        if (!TimestampReading.TryRead(at, out var made))
        {
            throw new RefusalException(Reasons.FieldInvalid, "Say when the act was made.", ["at"]);
        }

        Times.Require(made, "at", now, limits);
        Times.Require(signed.SigningTime, "signing-time", now, limits);
    }
}
