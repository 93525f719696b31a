using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Signing;

/// <summary>
/// A signer's certificate with its imported key: importing costs more than verifying. One key object serves one thread at a time, so there is a small pool
/// for each certificate. Evicted ones are left to the finalizer: another thread may still be using them.
/// </summary>
internal sealed class SignerKeys(CertificateParts certificate)
{
    private static readonly BoundedCache<DigestKey, SignerKeys> _known = new(4096);
    private static readonly ConditionalWeakTable<X509Certificate2, SigningKey> _signing = [];

    private readonly ConcurrentBag<ECDsa> _idle = [];
    private X509Certificate2? _certificate;

    public CertificateParts Certificate => certificate;

    public Holder? Holder { get; } = CertificateProfile.TryHolder(certificate, out var holder) ? holder : null;

    /// <summary>The framework's object, made when first asked for and shared.</summary>
    public X509Certificate2 Framework => _certificate ??= X509CertificateLoader.LoadCertificate(certificate.Der.Span);

    public static bool TryFind(DigestKey sha256, [NotNullWhen(true)] out SignerKeys? keys) => _known.TryGet(sha256, out keys);

    /// <summary>Only what is asked to verify a signature is remembered, so that reading alone fills no cache.</summary>
    public void Remember(DigestKey sha256) => _known.Add(sha256, this);

    public bool Verify(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        if (!_idle.TryTake(out var key))
        {
            if (!TryImport(out key))
                return false;
        }
        var valid = key.VerifyHash(hash, signature, DSASignatureFormat.Rfc3279DerSequence);
        if (_idle.Count < Environment.ProcessorCount)
            _idle.Add(key);
        else
            key.Dispose();
        return valid;
    }

    /// <exception cref="ArgumentException">The certificate has no private key on a curve of the contract.</exception>
    public static SigningKey ForSigning(X509Certificate2 certificateWithKey) => _signing.GetValue(certificateWithKey, c => new SigningKey(c));

    private bool TryImport([NotNullWhen(true)] out ECDsa? key)
    {
        try
        {
            key = ECDsa.Create(Curves.PublicKey(certificate.Curve, certificate.Point.Span));
            return true;
        }
        catch (CryptographicException) // the point is not on the curve: nothing verifies under it
        {
            key = null;
            return false;
        }
    }
}

/// <summary>A private sign key; one signature at a time.</summary>
internal sealed class SigningKey
{
    private readonly Lock _using = new();
    private readonly ECDsa _key;

    public SigningKey(X509Certificate2 certificate)
    {
        Certificate = CertificateParts.Of(certificate);
        Profile = SignatureProfile.For(Certificate.Curve) ?? throw new ArgumentException("A sign certificate has a key on P-256 or P-384.");
        _key = certificate.GetECDsaPrivateKey() ?? throw new ArgumentException("The certificate has no private key.");
    }

    public CertificateParts Certificate { get; }

    public SignatureProfile Profile { get; }

    public byte[] Sign(ReadOnlySpan<byte> hash)
    {
        lock (_using)
        {
            return _key.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);
        }
    }
}
