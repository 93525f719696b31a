using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Identities;

/// <summary>All that was issued for a holder: PEM texts by file name ("tls.pem", "tls.key", "sign.pem" …), the keys as PKCS#8.</summary>
public sealed record IssuedHolder(Holder Holder, IReadOnlyDictionary<string, string> Files)
{
    public HolderKeys OpenKeys() => HolderKeys.FromPem(Files.GetValueOrDefault);
}

/// <summary>
/// A certificate authority for development and tests: it issues what the profiles of wire.md §2 and openssl accept. Its key never belongs on a node:
/// who can issue can read.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    public static readonly TimeSpan DefaultValidity = TimeSpan.FromDays(825);

    // a peer whose clock is a little behind must not refuse a fresh certificate
    private static readonly TimeSpan _clockSkew = TimeSpan.FromMinutes(5);

    private readonly X509Certificate2 _certificate;

    private CertificateAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>ca.pem</summary>
    public string CertificatePem => _certificate.ExportCertificatePem() + "\n";

    public TrustAnchor OpenTrustAnchor(string? crlPem = null) => TrustAnchor.FromPem(CertificatePem, crlPem);

    public static CertificateAuthority Create(string name, DateTimeOffset now, TimeSpan? validity = null, bool p384 = false)
    {
        if (!Patterns.IsOneLine(name, 64))
            throw new ArgumentException("The name of a certificate authority is one line of 1 to 64 characters.");
        using var key = ECDsa.Create(p384 ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, p384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return new CertificateAuthority(request.CreateSelfSigned(now - _clockSkew, now + (validity ?? DefaultValidity + DefaultValidity)));
    }

    /// <exception cref="ArgumentException">They are not a CA certificate and its key.</exception>
    public static CertificateAuthority FromPem(string caPem, string caKeyPem)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPem(caPem, caKeyPem);
            IssuerKey.From(CertificateParts.Of(certificate));
            return certificate.GetECDsaPrivateKey() is { } key
                ? Keep(key, certificate)
                : throw new ArgumentException("The CA's key is not an elliptic curve key.");
        }
        catch (CryptographicException e)
        {
            throw new ArgumentException("They are not a CA certificate and its PKCS#8 key.", e);
        }
    }

    /// <summary>ca.key, PKCS#8.</summary>
    public string ExportKeyPem()
    {
        using var key = _certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    /// <param name="publicKey">Only its public half is read.</param>
    /// <param name="dnsOrIp">Host names and addresses; needed for a node's tls certificate, not used otherwise.</param>
    public X509Certificate2 Issue(
        Holder holder, CertificateUse use, ECDsa publicKey, DateTimeOffset now, TimeSpan? validity = null, IEnumerable<string>? dnsOrIp = null)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationalUnitName(holder.RoleName);
        subject.AddCommonName($"{holder.Name} {use switch { CertificateUse.Tls => "tls", CertificateUse.Sign => "sign", _ => "seal" }}");
        var request = new CertificateRequest(subject.Build(), publicKey, HashAlgorithmName.SHA256);
        AddProfile(request, holder, use, dnsOrIp ?? []);
        var end = now + (validity ?? DefaultValidity);
        var last = new DateTimeOffset(_certificate.NotAfter.ToUniversalTime());
        using var key = _certificate.GetECDsaPrivateKey()!;
        var until = end < last ? end : last;
        var issued = request.Create(_certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - _clockSkew, until, NewSerial());
        var problem = CertificateProfile.Check(CertificateParts.Of(issued), use, out _);
        return problem.Length == 0 ? issued : throw new ArgumentException(problem);
    }

    /// <summary>All certificates that the holder's role has, each with a new key on P-256.</summary>
    public IssuedHolder IssueAll(Holder holder, DateTimeOffset now, TimeSpan? validity = null, IEnumerable<string>? dnsOrIp = null)
    {
        var hosts = dnsOrIp ?? (holder.Role == HolderRole.Node ? ["localhost", "127.0.0.1", "::1"] : []);
        var files = new Dictionary<string, string>();
        AddFiles(files, "tls", holder, CertificateUse.Tls, now, validity, hosts);
        if (holder.Signs)
            AddFiles(files, "sign", holder, CertificateUse.Sign, now, validity, []);
        if (holder.Role == HolderRole.Bureau)
            AddFiles(files, "seal", holder, CertificateUse.Seal, now, validity, []);
        return new IssuedHolder(holder, files);
    }

    /// <summary>crl.pem: a complete list; <paramref name="number"/> grows with each.</summary>
    public string BuildCrl(
        IEnumerable<(X509Certificate2 Certificate, DateTimeOffset RevokedAt)> revoked, BigInteger number, DateTimeOffset now,
        TimeSpan? validity = null)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var (certificate, at) in revoked)
        {
            builder.AddEntry(certificate, at);
        }
        var der = builder.Build(
            _certificate, number, now + (validity ?? TimeSpan.FromDays(30)), HashAlgorithmName.SHA256, thisUpdate: now - _clockSkew);
        return PemEncoding.WriteString("X509 CRL", der) + "\n";
    }

    public void Dispose() => _certificate.Dispose();

    private static CertificateAuthority Keep(ECDsa key, X509Certificate2 certificate)
    {
        key.Dispose();
        return new CertificateAuthority(certificate);
    }

    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(20);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40); // positive, 20 octets, no leading zero
        return serial;
    }

    private void AddProfile(CertificateRequest request, Holder holder, CertificateUse use, IEnumerable<string> dnsOrIp)
    {
        var usage = use switch
        {
            CertificateUse.Tls => X509KeyUsageFlags.DigitalSignature,
            CertificateUse.Sign => X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation,
            _ => X509KeyUsageFlags.KeyAgreement,
        };
        var isServer = use == CertificateUse.Tls && holder.Role == HolderRole.Node;
        OidCollection extended = use == CertificateUse.Tls ? [new Oid(Oids.ClientAuth)] : [new Oid(Oids.EmailProtection)];
        if (isServer)
            extended.Add(new Oid(Oids.ServerAuth));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(holder.Uri));
        foreach (var host in isServer ? dnsOrIp : [])
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(extended, false));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));
    }

    private void AddFiles(
        Dictionary<string, string> files, string name, Holder holder, CertificateUse use,
        DateTimeOffset now, TimeSpan? validity, IEnumerable<string> hosts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Issue(holder, use, key, now, validity, hosts);
        files[$"{name}.pem"] = certificate.ExportCertificatePem() + "\n";
        files[$"{name}.key"] = key.ExportPkcs8PrivateKeyPem() + "\n";
    }
}
