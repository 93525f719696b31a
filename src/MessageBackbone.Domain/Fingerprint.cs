using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace MessageBackbone.Domain;

/// <summary>A SHA-256 as a value: what certificates, keys and orders are found by.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Fingerprint(ulong A, ulong B, ulong C, ulong D)
{
    public const int Size = 32;

    /// <summary>False unless <paramref name="sha256"/> has 32 bytes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> sha256, out Fingerprint fingerprint)
    {
        fingerprint = default;
        if (sha256.Length != Size)
        {
            return false;
        }

        fingerprint = new Fingerprint(
            BinaryPrimitives.ReadUInt64BigEndian(sha256),
            BinaryPrimitives.ReadUInt64BigEndian(sha256[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(sha256[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(sha256[24..]));
        return true;
    }

    public static Fingerprint Read(ReadOnlySpan<byte> sha256) => TryRead(sha256, out var fingerprint)
        ? fingerprint
        : throw new ArgumentException($"A SHA-256 has {Size} bytes, not {sha256.Length}.", nameof(sha256));

    public static Fingerprint Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Size];
        System.Security.Cryptography.SHA256.HashData(data, hash);
        return Read(hash);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, A);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), B);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16), C);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(24), D);
        return bytes;
    }

    public ByteString ToByteString() => UnsafeByteOperations.UnsafeWrap(ToArray());

    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
