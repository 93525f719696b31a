using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Signing;

/// <summary>
/// A header, receipt, order or statement: DER CMS SignedData of the one profile of wire.md §3. Reading judges only the form; <see
/// cref="VerifySignature"/>
/// the signature under the certificate inside; whether that certificate may sign is the caller's question (byte-equal to an enrolled one, name =
/// sender).
/// </summary>
/// <remarks>
/// A valid ECDSA signature (r, s) has a twin (r, n−s) that anybody can compute, and openssl writes either: the same content can so exist under two
/// header_sha256. The id decides: other bytes under a known id are DUPLICATE_ID_DIFFERENT_BYTES (decision 0032).
/// </remarks>
public sealed class SignedObject
{
    private static readonly Asn1Tag _explicit0 = new(TagClass.ContextSpecific, 0);

    private readonly SignerKeys _signer;
    private readonly DigestKey _signerKey;
    private readonly SignatureProfile _profile;
    private readonly SignedAttributes _attributes;
    private readonly ReadOnlyMemory<byte> _signature;

    private SignedObject(
        ReadOnlyMemory<byte> content, SignerKeys signer, DigestKey signerKey, SignatureProfile profile,
        SignedAttributes attributes, ReadOnlyMemory<byte> signature)
    {
        Content = content;
        _signer = signer;
        _signerKey = signerKey;
        _profile = profile;
        _attributes = attributes;
        _signature = signature;
    }

    public ReadOnlyMemory<byte> Content { get; }

    public ReadOnlyMemory<byte> CertificateDer => _signer.Certificate.Der;

    public byte[] CertificateSha256 => field ??= Digests.Sha256(CertificateDer.Span);

    /// <summary>Whom the certificate claims to name, unproved until the certificate is known to be enrolled; null where it names none.</summary>
    public Holder? Signer => _signer.Holder;

    /// <summary>As the signer claims; whole seconds.</summary>
    public DateTimeOffset SigningTime => _attributes.SigningTime;

    /// <summary>Shared by all objects of this signer: do not dispose it.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The platform cannot read it: then it is not enrolled either.</exception>
    public X509Certificate2 Certificate => _signer.Framework;

    /// <summary>Reads the strict profile. Never throws on any bytes; holds on to <paramref name="der"/>, so it must not change.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out SignedObject? signed, out string problem)
    {
        try
        {
            signed = Read(der);
            problem = "";
            return true;
        }
        catch (AsnContentException e)
        {
            signed = null;
            problem = $"Not a signed object of the profile: {e.Message}";
            return false;
        }
    }

    /// <summary>
    /// Digest of the content, then the signature over the attributes. A caller checks enrolment first: keys of strangers are not imported.
    /// </summary>
    public bool VerifySignature()
    {
        if (!_profile.Hash(Content.Span).AsSpan().SequenceEqual(_attributes.MessageDigest.Span))
            return false;
        _signer.Remember(_signerKey);
        return _signer.Verify(_profile.Hash(_attributes.ToSign()), _signature);
    }

    /// <summary>Signs with SHA-256 under a P-256 key and SHA-384 under a P-384 key. <paramref name="signingTime"/> is cut to whole seconds.</summary>
    /// <exception cref="ArgumentException">The certificate has no private key on a curve of the contract.</exception>
    public static byte[] Create(ReadOnlySpan<byte> content, X509Certificate2 signCertificateWithKey, DateTimeOffset signingTime)
    {
        var key = SignerKeys.ForSigning(signCertificateWithKey);
        var attributes = SignedAttributes.Write(key.Profile, key.Profile.Hash(content), signingTime, key.Certificate);
        return SignedObjectWriter.Write(content, key, attributes, key.Sign(key.Profile.Hash(attributes)));
    }

    private static SignedObject Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var contentInfo = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        StrictDer.Require(contentInfo.ReadObjectIdentifier() == Oids.SignedData, "not SignedData");
        var wrapped = contentInfo.ReadSequence(_explicit0);
        contentInfo.ThrowIfNotEmpty();
        var signedData = wrapped.ReadSequence();
        wrapped.ThrowIfNotEmpty();

        StrictDer.Require(signedData.ReadIntegerBytes().Span.SequenceEqual("\u0001"u8), "SignedData is not of version 1");
        var digests = signedData.ReadSetOf();
        var digest = digests.ReadEncodedValue();
        StrictDer.Require(!digests.HasData, "more than one digest algorithm");
        var content = ReadContent(signedData.ReadSequence());
        var certificates = signedData.ReadSetOf(_explicit0);
        var certificate = certificates.ReadEncodedValue();
        StrictDer.Require(!certificates.HasData, "more than one certificate");
        var signers = signedData.ReadSetOf(); // revocation lists, under [1], are refused here
        signedData.ThrowIfNotEmpty();
        var signer = signers.ReadSequence();
        StrictDer.Require(!signers.HasData, "more than one signer");
        return ReadSigner(signer, content, digest, certificate);
    }

    private static ReadOnlyMemory<byte> ReadContent(AsnReader encapsulated)
    {
        StrictDer.Require(encapsulated.ReadObjectIdentifier() == Oids.IdData, "the content's type is not id-data");
        var wrapped = encapsulated.ReadSequence(_explicit0);
        encapsulated.ThrowIfNotEmpty();
        var content = StrictDer.ReadOctets(wrapped);
        wrapped.ThrowIfNotEmpty();
        return content;
    }

    private static SignedObject ReadSigner(
        AsnReader signer, ReadOnlyMemory<byte> content, ReadOnlyMemory<byte> digest, ReadOnlyMemory<byte> certificateDer)
    {
        var key = DigestKey.Of(certificateDer.Span);
        if (!SignerKeys.TryFind(key, out var keys))
        {
            StrictDer.Require(CertificateParts.TryRead(certificateDer.ToArray(), out var read), "the certificate is not DER of X.509 version 3");
            keys = new SignerKeys(read!);
        }
        var certificate = keys.Certificate;
        var profile = SignatureProfile.For(certificate.Curve);
        StrictDer.Require(profile is not null, "the signer's key is not on P-256 or P-384");

        StrictDer.Require(signer.ReadIntegerBytes().Span.SequenceEqual("\u0001"u8), "SignerInfo is not of version 1");
        var id = signer.ReadSequence();
        var same = id.ReadEncodedValue().Span.SequenceEqual(certificate.Issuer.Span)
            && id.ReadIntegerBytes().Span.SequenceEqual(certificate.Serial.Span);
        StrictDer.Require(same && !id.HasData, "SignerInfo names another certificate");
        StrictDer.Require(
            profile!.IsDigest(digest.Span) && signer.ReadEncodedValue().Span.SequenceEqual(digest.Span), "not the curve's digest algorithm");
        var attributes = SignedAttributes.Read(signer, certificate);
        StrictDer.Require(signer.ReadEncodedValue().Span.SequenceEqual(profile.SignatureAlgorithm), "not the curve's signature algorithm");
        var signature = StrictDer.ReadOctets(signer);
        signer.ThrowIfNotEmpty(); // unsigned attributes are refused here
        RequireInRange(signature, profile.Curve);
        return new SignedObject(content, keys, key, profile, attributes, signature);
    }

    private static void RequireInRange(ReadOnlyMemory<byte> signature, NamedCurve curve)
    {
        var reader = new AsnReader(signature, AsnEncodingRules.DER);
        var pair = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        for (var i = 0; i < 2; i++)
        {
            var number = pair.ReadIntegerBytes().Span;
            StrictDer.Require(number[0] < 0x80 && number.ContainsAnyExcept((byte)0), "the signature's numbers are not positive");
            number = number.TrimStart((byte)0);
            var order = Curves.Order(curve);
            StrictDer.Require(number.Length < order.Length || (number.Length == order.Length && number.SequenceCompareTo(order) < 0),
                "the signature's numbers are too large");
        }
        pair.ThrowIfNotEmpty();
    }
}
