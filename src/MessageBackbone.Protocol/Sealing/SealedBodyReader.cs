using System.Formats.Asn1;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Sealing;

/// <summary>What AuthEnvelopedData of the profile holds; all are slices of the body.</summary>
internal readonly record struct SealedParts(
    IReadOnlyList<SealedRecipient> Recipients, ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Ciphertext, ReadOnlyMemory<byte> Tag);

/// <summary>Reads the profile of sealed bodies (wire.md §4): what is not named there is refused.</summary>
internal static class SealedBodyReader
{
    public const int MostRecipients = 1024; // twice what a message may have; each is one digest
    public const int NonceSize = 12;
    public const int TagSize = 16;
    public const int WrappedKeySize = 32 + KeyWrap.Overhead;

    private static readonly Asn1Tag _tag0 = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag _tag1 = new(TagClass.ContextSpecific, 1);

    /// <exception cref="AsnContentException">It is not of the profile.</exception>
    public static SealedParts Read(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var contentInfo = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        StrictDer.Require(contentInfo.ReadObjectIdentifier() == Oids.AuthEnvelopedData, "not AuthEnvelopedData");
        var wrapped = contentInfo.ReadSequence(_tag0);
        contentInfo.ThrowIfNotEmpty();
        var body = wrapped.ReadSequence();
        wrapped.ThrowIfNotEmpty();

        StrictDer.Require(body.ReadIntegerBytes().Span.SequenceEqual("\0"u8), "AuthEnvelopedData is not of version 0");
        var recipients = ReadRecipients(body.ReadSetOf()); // originator information, under [0], is refused here
        var (nonce, ciphertext) = ReadEncrypted(body.ReadSequence());
        var tag = StrictDer.ReadOctets(body); // authenticated attributes, under [1], are refused here
        StrictDer.Require(tag.Length == TagSize, "the tag has not 16 bytes");
        body.ThrowIfNotEmpty(); // unauthenticated attributes are refused here
        return new SealedParts(recipients, nonce, ciphertext, tag);
    }

    private static List<SealedRecipient> ReadRecipients(AsnReader infos)
    {
        var recipients = new List<SealedRecipient>();
        var seen = new HashSet<string>();
        while (infos.HasData)
        {
            ReadAgreement(infos.ReadSequence(_tag1), recipients);
            StrictDer.Require(recipients.Count <= MostRecipients, "too many recipients");
        }
        StrictDer.Require(recipients.Count > 0 && recipients.TrueForAll(r => seen.Add(r.Key)), "no recipient, or one twice");
        return recipients;
    }

    private static void ReadAgreement(AsnReader agreement, List<SealedRecipient> recipients)
    {
        StrictDer.Require(agreement.ReadIntegerBytes().Span.SequenceEqual("\u0003"u8), "KeyAgreeRecipientInfo is not of version 3");
        var originator = agreement.ReadSequence(_tag0);
        var point = ReadPoint(originator.ReadSequence(_tag1));
        originator.ThrowIfNotEmpty();
        // User keying material, under [1], is refused here, as are other derivations (SHA-1) and key wraps.
        StrictDer.Require(agreement.ReadEncodedValue().Span.SequenceEqual(KeyDerivation.AgreementAlgorithm),
            "not dhSinglePass-stdDH-sha256kdf with id-aes256-wrap");
        var keys = agreement.ReadSequence();
        agreement.ThrowIfNotEmpty();
        StrictDer.Require(keys.HasData, "a key agreement without a recipient");
        while (keys.HasData && recipients.Count <= MostRecipients)
        {
            recipients.Add(ReadRecipient(keys.ReadSequence(), point));
        }
    }

    private static ReadOnlyMemory<byte> ReadPoint(AsnReader key)
    {
        var algorithm = key.ReadSequence();
        StrictDer.Require(algorithm.ReadObjectIdentifier() == Oids.EcPublicKey, "the ephemeral key is not on an elliptic curve");
        // openssl leaves the curve out
        StrictDer.Require(!algorithm.HasData || algorithm.ReadObjectIdentifier() == Oids.P256, "the ephemeral key is not on P-256");
        algorithm.ThrowIfNotEmpty();
        var point = key.ReadBitString(out var unused);
        key.ThrowIfNotEmpty();
        StrictDer.Require(unused == 0 && point.Length == 65 && point[0] == 4, "the ephemeral key is not an uncompressed point of P-256");
        return point.AsMemory(1);
    }

    private static SealedRecipient ReadRecipient(AsnReader recipient, ReadOnlyMemory<byte> point)
    {
        if (recipient.PeekTag().HasSameClassAndValue(_tag0))
        {
            var identified = recipient.ReadSequence(_tag0);
            var identifier = StrictDer.ReadOctets(identified);
            identified.ThrowIfNotEmpty();
            StrictDer.Require(identifier.Length is > 0 and <= 64, "a key identifier of strange length");
            return SealedRecipient.Identified(identifier, point, ReadWrappedKey(recipient));
        }
        var issued = recipient.ReadSequence();
        StrictDer.Require(issued.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence), "the issuer is no name");
        var issuer = issued.ReadEncodedValue();
        StrictDer.RequireAll(new AsnReader(issuer, AsnEncodingRules.DER));
        var serial = issued.ReadIntegerBytes();
        issued.ThrowIfNotEmpty();
        return SealedRecipient.Issued(issuer, serial, point, ReadWrappedKey(recipient));
    }

    private static ReadOnlyMemory<byte> ReadWrappedKey(AsnReader recipient)
    {
        var wrapped = StrictDer.ReadOctets(recipient);
        recipient.ThrowIfNotEmpty();
        StrictDer.Require(wrapped.Length == WrappedKeySize, "the wrapped key is not one of 32 bytes");
        return wrapped;
    }

    private static (ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Ciphertext) ReadEncrypted(AsnReader encrypted)
    {
        StrictDer.Require(encrypted.ReadObjectIdentifier() == Oids.IdData, "the content's type is not id-data");
        var algorithm = encrypted.ReadSequence();
        StrictDer.Require(algorithm.ReadObjectIdentifier() == Oids.Aes256Gcm, "the cipher is not AES-256-GCM");
        var parameters = algorithm.ReadSequence();
        algorithm.ThrowIfNotEmpty();
        var nonce = StrictDer.ReadOctets(parameters);
        StrictDer.Require(nonce.Length == NonceSize, "the nonce has not 12 bytes");
        StrictDer.Require(parameters.ReadIntegerBytes().Span.SequenceEqual("\u0010"u8), "the tag's length is not 16");
        parameters.ThrowIfNotEmpty();
        var ciphertext = StrictDer.ReadOctets(encrypted, _tag0);
        encrypted.ThrowIfNotEmpty();
        return (nonce, ciphertext);
    }
}
