using System.Formats.Asn1;
using System.Security.Cryptography;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Signing;

/// <summary>The signed attributes of the profile: three required, two allowed, each once and with one value.</summary>
internal sealed class SignedAttributes
{
    private static readonly Asn1Tag _tag = new(TagClass.ContextSpecific, 0);

    private SignedAttributes(ReadOnlyMemory<byte> encoded) => Encoded = encoded;

    /// <summary>As in the object, under its implicit tag.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    public ReadOnlyMemory<byte> MessageDigest { get; private set; }

    public DateTimeOffset SigningTime { get; private set; }

    public static SignedAttributes Read(AsnReader signerInfo, CertificateParts certificate)
    {
        var attributes = new SignedAttributes(signerInfo.PeekEncodedValue());
        var set = signerInfo.ReadSetOf(_tag); // DER: in order
        var seen = new HashSet<string>();
        while (set.HasData)
        {
            var attribute = set.ReadSequence();
            var oid = attribute.ReadObjectIdentifier();
            StrictDer.Require(seen.Add(oid), "a signed attribute twice");
            var values = attribute.ReadSetOf();
            attribute.ThrowIfNotEmpty();
            attributes.ReadValue(oid, values, certificate);
            StrictDer.Require(!values.HasData, "a signed attribute with several values");
        }
        StrictDer.Require(
            seen.Contains(Oids.ContentType) && seen.Contains(Oids.MessageDigest) && seen.Contains(Oids.SigningTime),
            "content-type, message-digest or signing-time is missing from the signed attributes");
        return attributes;
    }

    /// <summary>The bytes that are signed: the set under its own tag.</summary>
    public byte[] ToSign()
    {
        var bytes = Encoded.ToArray();
        bytes[0] = 0x31;
        return bytes;
    }

    /// <summary>Writes what openssl writes with -cades -nosmimecap.</summary>
    public static byte[] Write(SignatureProfile profile, ReadOnlySpan<byte> digest, DateTimeOffset signingTime, CertificateParts certificate)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSetOf())
        {
            WriteContentType(writer);
            WriteSigningTime(writer, signingTime);
            WriteDigest(writer, digest);
            WriteSigningCertificate(writer, profile, certificate);
        }
        return writer.Encode();
    }

    private static void WriteContentType(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.ContentType);
            using (writer.PushSetOf())
            {
                writer.WriteObjectIdentifier(Oids.IdData);
            }
        }
    }

    private static void WriteSigningTime(AsnWriter writer, DateTimeOffset time)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.SigningTime);
            using (writer.PushSetOf())
            {
                var utc = time.ToUniversalTime();
                if (utc.Year is >= 1950 and < 2050)
                    writer.WriteUtcTime(utc);
                else
                    writer.WriteGeneralizedTime(utc, omitFractionalSeconds: true);
            }
        }
    }

    private static void WriteDigest(AsnWriter writer, ReadOnlySpan<byte> digest)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.MessageDigest);
            using (writer.PushSetOf())
            {
                writer.WriteOctetString(digest);
            }
        }
    }

    private static void WriteSigningCertificate(AsnWriter writer, SignatureProfile profile, CertificateParts certificate)
    {
        using var attribute = writer.PushSequence();
        writer.WriteObjectIdentifier(Oids.SigningCertificateV2);
        using var values = writer.PushSetOf();
        using var signingCertificate = writer.PushSequence();
        using var certificates = writer.PushSequence();
        using var id = writer.PushSequence();
        if (profile.Curve != NamedCurve.P256)
            writer.WriteEncodedValue(profile.DigestAlgorithm); // SHA-256 is the default, which DER leaves out
        writer.WriteOctetString(profile.Hash(certificate.Der.Span));
        using var issuerSerial = writer.PushSequence();
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4)))
            {
                writer.WriteEncodedValue(certificate.Issuer.Span);
            }
        }
        writer.WriteInteger(certificate.Serial.Span);
    }

    private void ReadValue(string oid, AsnReader values, CertificateParts certificate)
    {
        switch (oid)
        {
            case Oids.ContentType:
                StrictDer.Require(values.ReadObjectIdentifier() == Oids.IdData, "content-type is not id-data");
                break;
            case Oids.MessageDigest:
                MessageDigest = StrictDer.ReadOctets(values);
                break;
            case Oids.SigningTime:
                SigningTime = StrictDer.ReadTime(values);
                break;
            case Oids.SigningCertificateV2:
                ReadSigningCertificate(values.ReadSequence(), certificate);
                break;
            case Oids.SmimeCapabilities:
                StrictDer.RequireAll(values.ReadSequence());
                break;
            default:
                StrictDer.Require(false, "a signed attribute that the profile does not allow");
                break;
        }
    }

    private static void ReadSigningCertificate(AsnReader signingCertificate, CertificateParts certificate)
    {
        var certificates = signingCertificate.ReadSequence();
        signingCertificate.ThrowIfNotEmpty();
        var id = certificates.ReadSequence();
        certificates.ThrowIfNotEmpty();
        byte[] expected;
        if (id.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            StrictDer.Require(SignatureProfile.P384.IsDigest(id.ReadEncodedValue().Span), "signing-certificate-v2 with another hash");
            expected = SHA384.HashData(certificate.Der.Span);
        }
        else
        {
            expected = SHA256.HashData(certificate.Der.Span);
        }
        StrictDer.Require(StrictDer.ReadOctets(id).Span.SequenceEqual(expected), "signing-certificate-v2 names another certificate");
        if (!id.HasData)
            return;
        var issuerSerial = id.ReadSequence();
        id.ThrowIfNotEmpty();
        var names = issuerSerial.ReadSequence();
        var name = names.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 4));
        names.ThrowIfNotEmpty();
        var same = name.ReadEncodedValue().Span.SequenceEqual(certificate.Issuer.Span)
            && issuerSerial.ReadIntegerBytes().Span.SequenceEqual(certificate.Serial.Span);
        StrictDer.Require(same && !name.HasData && !issuerSerial.HasData, "signing-certificate-v2 names another certificate");
    }
}
