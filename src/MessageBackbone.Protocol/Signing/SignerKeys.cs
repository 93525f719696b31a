using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Signing;

/// <summary>
/// A signer's certificate with its imported key: importing costs more than verifying. Evicted keys are left to the finalizer: they may be in use.
/// </summary>
internal sealed class SignerKeys(CertificateParts certificate)
{
    private static readonly BoundedCache<DigestKey, SignerKeys> _known = new(4096);
    private static readonly ConditionalWeakTable<X509Certificate2, SigningKey> _signing = [];

    private readonly KeyPool<ECDsa> _keys = new(() => ECDsa.Create(Curves.PublicKey(certificate.Curve, certificate.Point.Span)));
    private X509Certificate2? _certificate;

    public CertificateParts Certificate => certificate;

    public Holder? Holder { get; } = CertificateProfile.TryHolder(certificate, out var holder) ? holder : null;

    /// <summary>The framework's object, made when first asked for and shared.</summary>
    public X509Certificate2 Framework => _certificate ??= X509CertificateLoader.LoadCertificate(certificate.Der.Span);

    public static bool TryFind(DigestKey sha256, [NotNullWhen(true)] out SignerKeys? keys) => _known.TryGet(sha256, out keys);

    /// <summary>Only what is asked to verify a signature is remembered, so that reading alone fills no cache.</summary>
    public void Remember(DigestKey sha256) => _known.Add(sha256, this);

    public bool Verify(byte[] hash, ReadOnlyMemory<byte> signature)
    {
        try
        {
            return _keys.Use((hash, signature), static (key, s) => key.VerifyHash(s.hash, s.signature.Span, DSASignatureFormat.Rfc3279DerSequence));
        }
        catch (CryptographicException) // the point is not on the curve: nothing verifies under it
        {
            return false;
        }
    }

    /// <exception cref="ArgumentException">The certificate has no private key on a curve of the contract.</exception>
    public static SigningKey ForSigning(X509Certificate2 certificateWithKey) => _signing.GetValue(certificateWithKey, c => new SigningKey(c));
}

/// <summary>The private sign key of a certificate, which must live as long as signatures are made.</summary>
internal sealed class SigningKey
{
    private readonly KeyPool<ECDsa> _keys;

    public SigningKey(X509Certificate2 certificate)
    {
        Certificate = CertificateParts.Of(certificate);
        Profile = SignatureProfile.For(Certificate.Curve) ?? throw new ArgumentException("A sign certificate has a key on P-256 or P-384.");
        // Weak, since this object hangs on the certificate's own entry in a weak table, which a strong reference would keep for ever.
        var weak = new WeakReference<X509Certificate2>(certificate);
        _keys = new KeyPool<ECDsa>(() => weak.TryGetTarget(out var owner) && owner.GetECDsaPrivateKey() is { } key
            ? key
            : throw new ArgumentException("The certificate has no private key."));
    }

    public CertificateParts Certificate { get; }

    public SignatureProfile Profile { get; }

    public byte[] Sign(byte[] hash) => _keys.Use(hash, static (key, h) => key.SignHash(h, DSASignatureFormat.Rfc3279DerSequence));
}
