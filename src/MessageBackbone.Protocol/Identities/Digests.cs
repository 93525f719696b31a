using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MessageBackbone.Protocol.Identities;

/// <summary>SHA-256 digests: 32 raw bytes on the wire, lower-case hexadecimal for people.</summary>
public static class Digests
{
    public const int Size = SHA256.HashSizeInBytes;

    public static byte[] Sha256(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes);

    public static string Hex(ReadOnlySpan<byte> digest) => Convert.ToHexStringLower(digest);

    public static string Sha256Hex(ReadOnlySpan<byte> bytes) => Hex(SHA256.HashData(bytes));

    /// <summary>Compares without telling by its time where two digests differ.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => CryptographicOperations.FixedTimeEquals(one, other);
}

/// <summary>A SHA-256 digest as a dictionary key: compared by value, nothing on the heap.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DigestKey(ulong A, ulong B, ulong C, ulong D)
{
    public static DigestKey Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[Digests.Size];
        SHA256.HashData(bytes, digest);
        return From(digest);
    }

    public static DigestKey From(ReadOnlySpan<byte> digest) => new(
        BinaryPrimitives.ReadUInt64BigEndian(digest),
        BinaryPrimitives.ReadUInt64BigEndian(digest[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(digest[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(digest[24..]));
}
