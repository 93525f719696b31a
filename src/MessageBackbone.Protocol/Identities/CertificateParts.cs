using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace MessageBackbone.Protocol.Identities;

internal enum NamedCurve
{
    None,
    P256,
    P384,
}

internal sealed record CertificateExtension(string Oid, bool Critical, ReadOnlyMemory<byte> Value);

/// <summary>
/// An X.509 version 3 certificate taken apart, DER only. The framework's class imports the certificate into the platform's library, at many times the
/// price, and reads what is not DER.
/// </summary>
internal sealed class CertificateParts
{
    private static readonly ConditionalWeakTable<X509Certificate2, CertificateParts> _known = [];

    private CertificateParts()
    {
    }

    public required ReadOnlyMemory<byte> Der { get; init; }

    /// <summary>What the issuer signed.</summary>
    public ReadOnlyMemory<byte> Tbs { get; private set; }

    /// <summary>Contents of the INTEGER.</summary>
    public ReadOnlyMemory<byte> Serial { get; private set; }

    /// <summary>The encoded AlgorithmIdentifier of the issuer's signature.</summary>
    public ReadOnlyMemory<byte> SignatureAlgorithm { get; private set; }

    public byte[] Signature { get; private set; } = [];

    public ReadOnlyMemory<byte> Issuer { get; private set; }

    public ReadOnlyMemory<byte> Subject { get; private set; }

    public DateTimeOffset NotBefore { get; private set; }

    public DateTimeOffset NotAfter { get; private set; }

    public ReadOnlyMemory<byte> PublicKeyInfo { get; private set; }

    /// <summary>None for any key that is not on a named P-256 or P-384 as an uncompressed point.</summary>
    public NamedCurve Curve { get; private set; }

    /// <summary>X ‖ Y; empty where <see cref="Curve"/> is None.</summary>
    public ReadOnlyMemory<byte> Point { get; private set; }

    public IReadOnlyList<CertificateExtension> Extensions { get; private set; } = [];

    /// <summary>Read once for each object of the framework's class.</summary>
    /// <exception cref="ArgumentException">The certificate is not strict DER of version 3.</exception>
    public static CertificateParts Of(X509Certificate2 certificate) =>
        _known.GetValue(certificate, c => TryRead(c.RawData, out var parts)
            ? parts
            : throw new ArgumentException("The certificate is not DER of X.509 version 3."));

    public static bool TryRead(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out CertificateParts? parts)
    {
        parts = new CertificateParts { Der = der };
        try
        {
            parts.Read(der);
            return true;
        }
        catch (AsnContentException)
        {
            parts = null;
            return false;
        }
    }

    public ReadOnlyMemory<byte>? Extension(string oid)
    {
        foreach (var extension in Extensions)
        {
            if (extension.Oid == oid)
                return extension.Value;
        }
        return null;
    }

    /// <summary>The subject key identifier, or empty.</summary>
    public ReadOnlyMemory<byte> KeyIdentifier() =>
        Extension(Oids.SubjectKeyIdentifier) is { } value && StrictDer.TryOctets(value, out var octets) ? octets : default;

    private void Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        Tbs = certificate.PeekEncodedValue();
        var tbs = certificate.ReadSequence();
        SignatureAlgorithm = certificate.ReadEncodedValue();
        Signature = certificate.ReadBitString(out var unused);
        certificate.ThrowIfNotEmpty();
        StrictDer.Require(unused == 0);

        var version = tbs.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        StrictDer.Require(version.ReadIntegerBytes().Span.SequenceEqual("\u0002"u8));
        version.ThrowIfNotEmpty();
        Serial = tbs.ReadIntegerBytes();
        StrictDer.Require(Serial.Length <= 20 && Serial.Span[0] < 0x80 && Serial.Span.ContainsAnyExcept((byte)0));
        StrictDer.Require(tbs.ReadEncodedValue().Span.SequenceEqual(SignatureAlgorithm.Span));
        Issuer = tbs.PeekEncodedValue();
        StrictDer.RequireAll(tbs.ReadSequence());
        var validity = tbs.ReadSequence();
        NotBefore = StrictDer.ReadTime(validity);
        NotAfter = StrictDer.ReadTime(validity);
        validity.ThrowIfNotEmpty();
        Subject = tbs.PeekEncodedValue();
        StrictDer.RequireAll(tbs.ReadSequence());
        ReadKey(tbs);
        var wrapped = tbs.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3)); // the unique identifiers of version 2 are refused here
        tbs.ThrowIfNotEmpty();
        Extensions = StrictDer.ReadExtensions(wrapped);
    }

    private void ReadKey(AsnReader tbs)
    {
        PublicKeyInfo = tbs.PeekEncodedValue();
        var info = tbs.ReadSequence();
        var algorithm = info.ReadSequence();
        var key = info.ReadBitString(out var unused);
        info.ThrowIfNotEmpty();
        var isEc = algorithm.ReadObjectIdentifier() == Oids.EcPublicKey;
        if (!isEc || !algorithm.HasData || !algorithm.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
            return;
        var curve = algorithm.ReadObjectIdentifier() switch { Oids.P256 => NamedCurve.P256, Oids.P384 => NamedCurve.P384, _ => NamedCurve.None };
        algorithm.ThrowIfNotEmpty();
        if (curve == NamedCurve.None || unused != 0 || key.Length != 1 + (2 * Curves.FieldSize(curve)) || key[0] != 4)
            return;
        Curve = curve;
        Point = key.AsMemory(1);
    }
}
