using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Dashboard.Reading;

/// <summary>A revocation by hand: the node prepares the act, the secretariat signs it where its key is, and brings it back. The key never meets a node or a
/// browser.</summary>
internal static class Revocations
{
    public static bool TryFind(DirectoryState directory, string? sha256, out EnrolledCertificate? certificate)
    {
        certificate = null;
        if (sha256 is not { Length: Fingerprint.Size * 2 } || !sha256.All(char.IsAsciiHexDigit)) return false;
        certificate = directory.FindCertificate(Fingerprint.Read(Convert.FromHexString(sha256)));
        return certificate is { IsRevoked: false };
    }

    /// <summary>Null: the time or the reason cannot be used.</summary>
    public static RevokeCertificate? Prepare(EnrolledCertificate certificate, string reason, string since, DateTimeOffset now)
    {
        if (!Patterns.IsReasonCode(reason)
            || !DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) || time > now)
            return null;
        return new RevokeCertificate
        {
            ActId = MessageId.New(now).Value,
            At = now.ToTimestamp(),
            CertificateSha256 = certificate.Sha256.ToByteString(),
            InvalidSince = time.ToTimestamp(),
            Reason = reason,
        };
    }

    /// <summary>The event that the act will be, but for the secretariat's signature.</summary>
    public static CertificateRevoked Event(RevokeCertificate act, DateTimeOffset now) => new() { Act = act, RevokedAt = now.ToTimestamp() };

    /// <exception cref="RefusalException">The text is no signed act about this certificate, or the act is not possible.</exception>
    public static Task<DirectoryActReply> TakeAsync(
        ActDesk desk, TimeProvider clock, string signed, EnrolledCertificate certificate, Caller caller, CancellationToken cancellationToken)
    {
        var order = new byte[signed.Length];
        if (!Convert.TryFromBase64String(signed, order, out var length)) throw new RefusalException(Reasons.Malformed, "Paste what openssl printed: base64.", ["order"]);
        return desk.TakeAsync(
            ByteString.CopyFrom(order, 0, length), RevokeCertificate.Parser, act => (act.ActId, act.At),
            act => Fingerprint.TryRead(act.CertificateSha256.Span, out var named) && named == certificate.Sha256
                ? new DirectoryAct.Revoke(act, ByteString.CopyFrom(order, 0, length), clock.GetUtcNow())
                : throw new RefusalException(Reasons.FieldInvalid, "The signed act is about another certificate than this page.", ["certificate_sha256"]),
            caller, cancellationToken);
    }
}
