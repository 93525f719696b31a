using System.Formats.Asn1;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Signing;

/// <summary>Writes the profile of signed objects as openssl does.</summary>
internal static class SignedObjectWriter
{
    private static readonly Asn1Tag _tag0 = new(TagClass.ContextSpecific, 0);

    public static byte[] Write(ReadOnlySpan<byte> content, SigningKey key, ReadOnlySpan<byte> attributes, ReadOnlySpan<byte> signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.SignedData);
            using (writer.PushSequence(_tag0))
            using (writer.PushSequence())
            {
                writer.WriteInteger(1);
                using (writer.PushSetOf())
                {
                    writer.WriteEncodedValue(key.Profile.DigestAlgorithm);
                }
                WriteContent(writer, content);
                using (writer.PushSetOf(_tag0))
                {
                    writer.WriteEncodedValue(key.Certificate.Der.Span);
                }
                using (writer.PushSetOf())
                {
                    WriteSigner(writer, key, attributes, signature);
                }
            }
        }
        return writer.Encode();
    }

    private static void WriteContent(AsnWriter writer, ReadOnlySpan<byte> content)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.IdData);
            using (writer.PushSequence(_tag0))
            {
                writer.WriteOctetString(content);
            }
        }
    }

    private static void WriteSigner(AsnWriter writer, SigningKey key, ReadOnlySpan<byte> attributes, ReadOnlySpan<byte> signature)
    {
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            using (writer.PushSequence())
            {
                writer.WriteEncodedValue(key.Certificate.Issuer.Span);
                writer.WriteInteger(key.Certificate.Serial.Span);
            }
            writer.WriteEncodedValue(key.Profile.DigestAlgorithm);
            var implicitly = attributes.ToArray();
            implicitly[0] = 0xa0;
            writer.WriteEncodedValue(implicitly);
            writer.WriteEncodedValue(key.Profile.SignatureAlgorithm);
            writer.WriteOctetString(signature);
        }
    }
}
