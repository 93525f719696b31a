using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Identities;

/// <summary>What a trust anchor says of a certificate: whom it names, or why it is not to be used.</summary>
public readonly record struct CertificateVerdict(bool Ok, Holder Holder, string Problem);

/// <summary>
/// The certificate authority of a house, pinned. A certificate is accepted when it was issued directly by one of the pinned certificates, is valid at
/// the
/// asked time, is not on its CRL, and has the profile of its use (wire.md §2). Nothing is ever fetched and no system root is known: decision 0031.
/// Safe for concurrent use.
/// </summary>
public sealed class TrustAnchor
{
    private readonly IReadOnlyList<IssuerKey> _issuers;
    private readonly IReadOnlyList<RevocationList> _lists;
    private readonly BoundedCache<DigestKey, Vouched> _vouched = new(8192);

    private TrustAnchor(IReadOnlyList<IssuerKey> issuers, IReadOnlyList<RevocationList> lists)
    {
        _issuers = issuers;
        _lists = lists;
    }

    /// <summary>The pinned certificates. Shared: do not dispose them.</summary>
    public IReadOnlyList<X509Certificate2> Certificates =>
        field ??= [.. _issuers.Select(i => X509CertificateLoader.LoadCertificate(i.Certificate.Der.Span))];

    /// <summary>
    /// When the first of the CRLs should have been replaced; null where none says so. An overdue list still counts: it is read, not fetched.
    /// </summary>
    public DateTimeOffset? CrlDueAt => _lists.Min(l => l.NextUpdate);

    /// <param name="caPem">One or more CA certificates; each that is not self-signed must have been issued by another of them.</param>
    /// <param name="crlPem">CRLs signed by them; null or empty: none.</param>
    /// <exception cref="ArgumentException">Something in them cannot be used; the text says what.</exception>
    public static TrustAnchor FromPem(string caPem, string? crlPem = null)
    {
        var issuers = Pem(caPem, "CERTIFICATE").Select(der => CertificateParts.TryRead(der, out var parts)
            ? IssuerKey.From(parts)
            : throw new ArgumentException("The CA certificate is not DER of X.509 version 3.")).ToList();
        if (issuers.Count is 0 or > 16)
            throw new ArgumentException("The CA file holds 1 to 16 PEM certificates.");
        if (issuers.Exists(i => !issuers.Exists(j => j.HasIssued(i.Certificate))))
            throw new ArgumentException("A CA certificate is neither self-signed nor issued by another one of the file.");
        return new TrustAnchor(issuers, [.. Pem(crlPem ?? "", "X509 CRL").Select(der => RevocationList.Read(der, issuers))]);
    }

    public CertificateVerdict Judge(X509Certificate2 certificate, CertificateUse use, DateTimeOffset at, HolderRole? role = null) =>
        Judge(certificate.RawDataMemory, use, at, role);

    /// <param name="certificateDer">As it came from outside: anything but a strict certificate is a problem, never an exception.</param>
    public CertificateVerdict Judge(ReadOnlyMemory<byte> certificateDer, CertificateUse use, DateTimeOffset at, HolderRole? role = null)
    {
        if (!TryVouch(certificateDer, out var vouched))
            return new CertificateVerdict(false, default,
                "The certificate is not DER of X.509 version 3, or not issued by the pinned certificate authority.");
        var problem = CertificateProfile.Check(vouched.Certificate, use, out var holder);
        if (problem.Length == 0)
            problem = CheckTime(vouched, at);
        if (problem.Length == 0 && role is { } wanted && holder.Role != wanted)
            problem = "The certificate names a holder of another role.";
        return new CertificateVerdict(problem.Length == 0, problem.Length == 0 ? holder : default, problem);
    }

    /// <summary>
    /// For TLS callbacks, instead of the platform's judgement. The host name is the platform's matter: refuse RemoteCertificateNameMismatch as well.
    /// </summary>
    /// <param name="asServer">The peer is the server: it must be one of role node, whatever <paramref name="roles"/> says.</param>
    public bool AcceptsPeer(
        X509Certificate2? certificate, HolderRole[] roles, DateTimeOffset at, bool asServer, out Holder holder, out string problem)
    {
        holder = default;
        if (certificate is null)
        {
            problem = "The peer shows no certificate.";
            return false;
        }
        var verdict = Judge(certificate, CertificateUse.Tls, at);
        problem = verdict.Problem;
        if (verdict.Ok && (!roles.Contains(verdict.Holder.Role) || (asServer && verdict.Holder.Role != HolderRole.Node)))
            problem = "The certificate names a holder whose role is not accepted here.";
        holder = problem.Length == 0 ? verdict.Holder : default;
        return problem.Length == 0;
    }

    /// <summary>
    /// A policy for the platform's own chain building during the handshake: these roots only, nothing downloaded, the right extended usage.
    /// </summary>
    public X509ChainPolicy TlsPolicy(bool serverAuth)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.ApplicationPolicy.Add(new Oid(serverAuth ? Oids.ServerAuth : Oids.ClientAuth));
        foreach (var certificate in Certificates)
        {
            policy.CustomTrustStore.Add(certificate);
        }
        return policy;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Pem(string text, string label)
    {
        for (var rest = text.AsMemory(); PemEncoding.TryFind(rest.Span, out var fields);)
        {
            if (rest.Span[fields.Label].SequenceEqual(label))
                yield return Convert.FromBase64String(rest.Span[fields.Base64Data].ToString());
            rest = rest[fields.Location.End..];
        }
    }

    // Whether the issuer signed it never changes, so that is what is remembered; time, revocation and profile are judged again.
    private bool TryVouch(ReadOnlyMemory<byte> der, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Vouched? vouched)
    {
        var key = DigestKey.Of(der.Span);
        if (_vouched.TryGet(key, out vouched))
            return true;
        if (!CertificateParts.TryRead(der.ToArray(), out var parts) || FindIssuer(parts) is not { } issuer)
            return false;
        vouched = new Vouched(parts, issuer);
        _vouched.Add(key, vouched);
        return true;
    }

    private IssuerKey? FindIssuer(CertificateParts parts)
    {
        try
        {
            return _issuers.FirstOrDefault(i => i.HasIssued(parts));
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private string CheckTime(Vouched vouched, DateTimeOffset at)
    {
        var (certificate, issuer) = vouched;
        if (at < certificate.NotBefore || at > certificate.NotAfter)
            return "The certificate is not valid at this time.";
        if (at < issuer.Certificate.NotBefore || at > issuer.Certificate.NotAfter)
            return "The certificate authority is not valid at this time.";
        return _lists.Any(l => l.IsRevoked(certificate, at) || l.IsRevoked(issuer.Certificate, at)) ? "The certificate is revoked by the CRL." : "";
    }

    private sealed record Vouched(CertificateParts Certificate, IssuerKey Issuer);
}
