using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Sealing;

/// <summary>ANSI X9.63 key derivation with SHA-256, and the shared information that CMS puts into it (RFC 5753 §7.2).</summary>
internal static class KeyDerivation
{
    /// <summary>AlgorithmIdentifier id-aes256-wrap; parameters absent (RFC 3565).</summary>
    public static byte[] WrapAlgorithm { get; } = EncodeWrap();

    /// <summary>AlgorithmIdentifier dhSinglePass-stdDH-sha256kdf-scheme with <see cref="WrapAlgorithm"/> as its parameters.</summary>
    public static byte[] AgreementAlgorithm { get; } = EncodeAgreement();

    /// <summary>ECC-CMS-SharedInfo for a 256-bit key-encryption key, without user keying material.</summary>
    private static byte[] SharedInfo { get; } = EncodeSharedInfo();

    /// <summary>The key-encryption key of one recipient; the caller zeroes it.</summary>
    public static byte[] KeyEncryptionKey(ReadOnlySpan<byte> sharedSecret) => X963(sharedSecret, SharedInfo, 32);

    public static byte[] X963(ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> sharedInfo, int length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var key = new byte[length];
        Span<byte> counter = stackalloc byte[4];
        Span<byte> block = stackalloc byte[SHA256.HashSizeInBytes];
        for (var (done, i) = (0, 1u); done < length; done += block.Length, i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(counter, i);
            hash.AppendData(sharedSecret);
            hash.AppendData(counter);
            hash.AppendData(sharedInfo);
            hash.GetHashAndReset(block);
            block[..Math.Min(block.Length, length - done)].CopyTo(key.AsSpan(done));
        }
        CryptographicOperations.ZeroMemory(block);
        return key;
    }

    private static byte[] EncodeWrap()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.Aes256Wrap);
        }
        return writer.Encode();
    }

    private static byte[] EncodeAgreement()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.EcdhSha256Kdf);
            writer.WriteEncodedValue(EncodeWrap());
        }
        return writer.Encode();
    }

    private static byte[] EncodeSharedInfo()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(EncodeWrap());
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 2)))
            {
                writer.WriteOctetString([0, 0, 1, 0]); // 256 bits
            }
        }
        return writer.Encode();
    }
}
