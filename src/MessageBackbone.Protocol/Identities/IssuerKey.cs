using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MessageBackbone.Protocol.Identities;

/// <summary>A certificate authority's certificate and what it signed: certificates and revocation lists.</summary>
internal sealed class IssuerKey
{
    private const int SmallestRsa = 3072;

    private readonly Lock _using = new(); // the framework's keys promise nothing about concurrent use
    private readonly ECDsa? _ec;
    private readonly RSA? _rsa;

    private IssuerKey(CertificateParts certificate, ECDsa? ec, RSA? rsa)
    {
        Certificate = certificate;
        _ec = ec;
        _rsa = rsa;
    }

    public CertificateParts Certificate { get; }

    /// <exception cref="ArgumentException">It is no certificate of an authority, or has a weak or unknown key.</exception>
    public static IssuerKey From(CertificateParts certificate)
    {
        try
        {
            if (!CertificateProfile.IsAuthority(certificate) || !CertificateProfile.KeyUsage(certificate).HasFlag(X509KeyUsageFlags.KeyCertSign))
                throw new ArgumentException("A CA certificate has basicConstraints CA:TRUE and the key usage keyCertSign.");
            string[] understood = [Oids.BasicConstraints, Oids.KeyUsage, Oids.SubjectKeyIdentifier, Oids.AuthorityKeyIdentifier];
            if (certificate.Extensions.Any(e => e.Critical && !understood.Contains(e.Oid)))
                throw new ArgumentException("The CA certificate has a critical extension that is not understood.");
            return Import(certificate);
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            throw new ArgumentException("The CA certificate cannot be read.", e);
        }
    }

    public bool HasIssued(CertificateParts certificate) =>
        certificate.Issuer.Span.SequenceEqual(Certificate.Subject.Span)
        && HasSigned(certificate.Tbs.Span, certificate.SignatureAlgorithm, certificate.Signature);

    public bool HasSigned(ReadOnlySpan<byte> data, ReadOnlyMemory<byte> algorithm, byte[] signature)
    {
        var reader = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence();
        var oid = reader.ReadObjectIdentifier();
        var hash = oid switch
        {
            Oids.EcdsaSha256 or Oids.RsaSha256 => HashAlgorithmName.SHA256,
            Oids.EcdsaSha384 or Oids.RsaSha384 => HashAlgorithmName.SHA384,
            Oids.EcdsaSha512 or Oids.RsaSha512 => HashAlgorithmName.SHA512,
            _ => default,
        };
        if (hash.Name is null)
            return false;
        var isRsa = oid is Oids.RsaSha256 or Oids.RsaSha384 or Oids.RsaSha512;
        if (isRsa && reader.HasData)
            reader.ReadNull();
        reader.ThrowIfNotEmpty();
        lock (_using)
        {
            return isRsa
                ? _rsa is not null && _rsa.VerifyData(data, signature, hash, RSASignaturePadding.Pkcs1)
                : _ec is not null && _ec.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    private static IssuerKey Import(CertificateParts certificate)
    {
        if (certificate.Curve != NamedCurve.None)
            return new IssuerKey(certificate, ECDsa.Create(Curves.PublicKey(certificate.Curve, certificate.Point.Span)), null);
        var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(certificate.PublicKeyInfo.Span, out _);
        return rsa.KeySize >= SmallestRsa
            ? new IssuerKey(certificate, null, rsa)
            : throw new ArgumentException($"The CA's key is on P-256, P-384 or RSA of at least {SmallestRsa} bits.");
    }
}
