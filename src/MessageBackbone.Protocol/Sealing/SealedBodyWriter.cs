using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Sealing;

/// <summary>
/// Seals: one content key, one ephemeral key for all recipients (RFC 5753 allows it; the agreed secrets differ with the recipients' keys).
/// </summary>
internal static class SealedBodyWriter
{
    private const int ContentKeySize = 32;

    private static readonly Asn1Tag _tag0 = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag _tag1 = new(TagClass.ContextSpecific, 1);

    public static byte[] Write(ReadOnlySpan<byte> content, IReadOnlyCollection<X509Certificate2> recipients)
    {
        if (recipients.Count is 0 or > SealedBodyReader.MostRecipients)
            throw new ArgumentException($"A body is sealed to 1 to {SealedBodyReader.MostRecipients} certificates.");
        var contentKey = RandomNumberGenerator.GetBytes(ContentKeySize);
        try
        {
            var nonce = RandomNumberGenerator.GetBytes(SealedBodyReader.NonceSize); // the key is used once, so any nonce is fresh
            var ciphertext = new byte[content.Length];
            var tag = new byte[SealedBodyReader.TagSize];
            using (var gcm = new AesGcm(contentKey, SealedBodyReader.TagSize))
            {
                gcm.Encrypt(nonce, content, ciphertext, tag);
            }
            return Encode(contentKey, [.. recipients.Select(CertificateParts.Of)], nonce, ciphertext, tag);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(contentKey);
        }
    }

    private static byte[] Encode(byte[] contentKey, List<CertificateParts> recipients, byte[] nonce, byte[] ciphertext, byte[] tag)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, ciphertext.Length + 512 + (recipients.Count * 160));
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.AuthEnvelopedData);
            using (writer.PushSequence(_tag0))
            using (writer.PushSequence())
            {
                writer.WriteInteger(0);
                using (writer.PushSetOf())
                {
                    WriteAgreement(writer, contentKey, recipients);
                }
                WriteEncrypted(writer, nonce, ciphertext);
                writer.WriteOctetString(tag);
            }
        }
        return writer.Encode();
    }

    private static void WriteAgreement(AsnWriter writer, byte[] contentKey, List<CertificateParts> recipients)
    {
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using (writer.PushSequence(_tag1))
        {
            writer.WriteInteger(3);
            using (writer.PushSequence(_tag0))
            {
                WriteEphemeral(writer, ephemeral.ExportParameters(false).Q);
            }
            writer.WriteEncodedValue(KeyDerivation.AgreementAlgorithm);
            using (writer.PushSequence())
            {
                foreach (var recipient in recipients)
                {
                    WriteRecipient(writer, recipient, ephemeral, contentKey);
                }
            }
        }
    }

    // The curve is left out of the ephemeral key's algorithm, as openssl does: it is the recipient's.
    private static void WriteEphemeral(AsnWriter writer, ECPoint point)
    {
        using (writer.PushSequence(_tag1))
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oids.EcPublicKey);
            }
            writer.WriteBitString([4, .. point.X!, .. point.Y!]);
        }
    }

    private static void WriteRecipient(AsnWriter writer, CertificateParts recipient, ECDiffieHellman ephemeral, byte[] contentKey)
    {
        if (recipient.Curve != NamedCurve.P256)
            throw new ArgumentException("A seal certificate has a key on the named curve P-256.");
        var secret = AgreementKeys.Agree(ephemeral, recipient);
        var keyEncryptionKey = KeyDerivation.KeyEncryptionKey(secret);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteEncodedValue(recipient.Issuer.Span);
                writer.WriteInteger(recipient.Serial.Span);
            }
            writer.WriteOctetString(KeyWrap.Wrap(keyEncryptionKey, contentKey));
        }
        CryptographicOperations.ZeroMemory(secret);
        CryptographicOperations.ZeroMemory(keyEncryptionKey);
    }

    private static void WriteEncrypted(AsnWriter writer, byte[] nonce, byte[] ciphertext)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.IdData);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oids.Aes256Gcm);
                using (writer.PushSequence())
                {
                    writer.WriteOctetString(nonce);
                    writer.WriteInteger(SealedBodyReader.TagSize);
                }
            }
            writer.WriteOctetString(ciphertext, _tag0);
        }
    }
}
