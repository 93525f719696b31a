using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MessageBackbone.Protocol.Sealing;

/// <summary>AES key wrap of RFC 3394 under a 256-bit key. The framework has only the padded kind of RFC 5649, which gives other bytes.</summary>
internal static class KeyWrap
{
    public const int Overhead = 8;

    private const ulong InitialValue = 0xA6A6A6A6A6A6A6A6;

    /// <param name="key">A multiple of 8 bytes, at least 16.</param>
    public static byte[] Wrap(ReadOnlySpan<byte> keyEncryptionKey, ReadOnlySpan<byte> key)
    {
        RequireWhole(key.Length);
        using var aes = NewAes(keyEncryptionKey);
        using var encrypt = aes.CreateEncryptor();
        var wrapped = new byte[key.Length + Overhead];
        key.CopyTo(wrapped.AsSpan(Overhead));
        var blocks = key.Length / 8;
        var register = InitialValue;
        var block = new byte[16];
        for (var step = 1; step <= 6 * blocks; step++)
        {
            var place = wrapped.AsSpan(Overhead + ((step - 1) % blocks * 8), 8);
            BinaryPrimitives.WriteUInt64BigEndian(block, register);
            place.CopyTo(block.AsSpan(8));
            encrypt.TransformBlock(block, 0, 16, block, 0);
            register = BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)step;
            block.AsSpan(8).CopyTo(place);
        }
        BinaryPrimitives.WriteUInt64BigEndian(wrapped, register);
        CryptographicOperations.ZeroMemory(block);
        return wrapped;
    }

    /// <summary>False where the integrity check fails; <paramref name="key"/> is then empty.</summary>
    public static bool TryUnwrap(ReadOnlySpan<byte> keyEncryptionKey, ReadOnlySpan<byte> wrapped, out byte[] key)
    {
        RequireWhole(wrapped.Length - Overhead);
        using var aes = NewAes(keyEncryptionKey);
        using var decrypt = aes.CreateDecryptor();
        key = wrapped[Overhead..].ToArray();
        var blocks = key.Length / 8;
        var register = BinaryPrimitives.ReadUInt64BigEndian(wrapped);
        var block = new byte[16];
        for (var step = 6 * blocks; step >= 1; step--)
        {
            var place = key.AsSpan((step - 1) % blocks * 8, 8);
            BinaryPrimitives.WriteUInt64BigEndian(block, register ^ (ulong)step);
            place.CopyTo(block.AsSpan(8));
            decrypt.TransformBlock(block, 0, 16, block, 0);
            register = BinaryPrimitives.ReadUInt64BigEndian(block);
            block.AsSpan(8).CopyTo(place);
        }
        CryptographicOperations.ZeroMemory(block);
        if (register == InitialValue)
            return true;
        CryptographicOperations.ZeroMemory(key);
        key = [];
        return false;
    }

    private static Aes NewAes(ReadOnlySpan<byte> keyEncryptionKey)
    {
        if (keyEncryptionKey.Length != 32)
            throw new ArgumentException("The key-encryption key has 32 bytes.");
        var aes = Aes.Create();
        aes.Mode = CipherMode.ECB; // RFC 3394 is defined on the bare block cipher
        aes.Padding = PaddingMode.None;
        aes.SetKey(keyEncryptionKey);
        return aes;
    }

    private static void RequireWhole(int length)
    {
        if (length < 16 || length % 8 != 0)
            throw new ArgumentException("A wrapped key is a multiple of 8 bytes, at least 16.");
    }
}
