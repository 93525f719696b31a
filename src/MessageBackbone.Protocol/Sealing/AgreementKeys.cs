using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Sealing;

/// <summary>
/// Imported ECDH keys of certificates: recipients' public ones and our own private ones, kept as long as the certificate object lives.
/// </summary>
internal static class AgreementKeys
{
    private static readonly ConditionalWeakTable<CertificateParts, KeyPool<ECDiffieHellman>> _theirs = [];
    private static readonly ConditionalWeakTable<X509Certificate2, KeyPool<ECDiffieHellman>> _own = [];

    /// <summary>The secret between an ephemeral private key and a recipient; the caller zeroes it.</summary>
    public static byte[] Agree(ECDiffieHellman ephemeral, CertificateParts recipient)
    {
        var pool = _theirs.GetValue(recipient, static r => ImportTheirs(r.Point));
        return pool.Use(ephemeral, static (theirs, mine) =>
        {
            using var theirPublic = theirs.PublicKey;
            return mine.DeriveRawSecretAgreement(theirPublic);
        });
    }

    /// <summary>The secret between our own private key and a body's ephemeral point; the caller zeroes it.</summary>
    /// <exception cref="CryptographicException">The point is not on the curve.</exception>
    /// <exception cref="ArgumentException">The certificate has no private key.</exception>
    public static byte[] Agree(X509Certificate2 own, ReadOnlySpan<byte> ephemeralPoint)
    {
        var pool = _own.GetValue(own, static c => ImportOwn(c));
        using var ephemeral = ECDiffieHellman.Create(Curves.PublicKey(NamedCurve.P256, ephemeralPoint));
        using var theirPublic = ephemeral.PublicKey;
        return pool.Use(theirPublic, static (mine, theirs) => mine.DeriveRawSecretAgreement(theirs));
    }

    // Neither pool may hold on to what it hangs on in its weak table: that would keep both for ever.
    private static KeyPool<ECDiffieHellman> ImportTheirs(ReadOnlyMemory<byte> point) =>
        new(() => ECDiffieHellman.Create(Curves.PublicKey(NamedCurve.P256, point.Span)));

    private static KeyPool<ECDiffieHellman> ImportOwn(X509Certificate2 certificate)
    {
        var weak = new WeakReference<X509Certificate2>(certificate);
        return new KeyPool<ECDiffieHellman>(() => weak.TryGetTarget(out var owner) && owner.GetECDiffieHellmanPrivateKey() is { } key
            ? key
            : throw new ArgumentException("The seal certificate has no private key."));
    }
}
