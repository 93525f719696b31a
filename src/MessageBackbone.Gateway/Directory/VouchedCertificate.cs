using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Directory;

/// <summary>A certificate of the directory that the gateway's own CA vouches for: it was issued by it, has the profile of its use and its holder's name.</summary>
internal sealed record VouchedCertificate(
    X509Certificate2 Certificate, CertificateUse Use, string Sha256, DateTimeOffset EnrolledAt, DateTimeOffset? RevokedAt, DateTimeOffset? InvalidSince);

/// <summary>A certificate of the directory that is not believed, and why.</summary>
internal sealed record KeptOut(string Sha256, CertificateUse Use, string Problem);

/// <summary>Judges what the directory says of a holder's certificates. The directory's word is not enough: only the pinned CA's is.</summary>
internal static class Vouching
{
    private const int MostCertificates = 1000;

    public static (IReadOnlyList<VouchedCertificate> Vouched, IReadOnlyList<KeptOut> KeptOut) Judge(
        IEnumerable<CertificateEntry> entries, Holder holder, TrustAnchor anchor, IReadOnlyDictionary<string, VouchedCertificate> before)
    {
        var vouched = new List<VouchedCertificate>();
        var keptOut = new List<KeptOut>();
        foreach (var entry in entries.Take(MostCertificates))
        {
            var sha256 = Digests.Sha256Hex(entry.Certificate.Span);
            var problem = Problem(entry, holder, anchor);
            if (problem.Length > 0) keptOut.Add(new KeptOut(sha256, entry.Use, problem));
            else vouched.Add(Vouch(entry, sha256, before.GetValueOrDefault(sha256)));
        }
        return (vouched, keptOut);
    }

    // Judged in the middle of its own validity: whether it is valid now, and whether the CRL has it now, is asked at each use.
    private static string Problem(CertificateEntry entry, Holder holder, TrustAnchor anchor)
    {
        if (entry.Use is not (CertificateUse.Tls or CertificateUse.Sign or CertificateUse.Seal)) return "The directory does not say what it is for.";
        X509Certificate2 certificate;
        try
        {
            certificate = X509CertificateLoader.LoadCertificate(entry.Certificate.Span);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return "It is no certificate.";
        }
        using (certificate)
        {
            var verdict = anchor.Judge(certificate, entry.Use, new DateTimeOffset(certificate.NotBefore.ToUniversalTime()));
            if (!verdict.Ok) return verdict.Problem;
            return verdict.Holder == holder ? "" : "It names another holder than the directory does.";
        }
    }

    // A revocation that was seen once stays, whatever the node says later. The same certificate keeps its object, so that imported keys are used again.
    private static VouchedCertificate Vouch(CertificateEntry entry, string sha256, VouchedCertificate? before) => new(
        before?.Certificate ?? X509CertificateLoader.LoadCertificate(entry.Certificate.Span), entry.Use, sha256, Time(entry.EnrolledAt) ?? DateTimeOffset.MinValue,
        Time(entry.RevokedAt) ?? before?.RevokedAt, Time(entry.InvalidSince) ?? before?.InvalidSince);

    private static DateTimeOffset? Time(Google.Protobuf.WellKnownTypes.Timestamp? time) =>
        Protocol.Canonical.TimestampReading.TryRead(time, out var read) ? read : null;
}
