using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MessageBackbone.Protocol.Sealing;

/// <summary>
/// AES-256-CTR as <c>openssl enc -aes-256-ctr</c> does it, from any offset on. Encrypting and decrypting are the same. It has no integrity of its own: that is in
/// the hashes of <see cref="V1.ContentRef"/> and <see cref="V1.AttachmentKey"/>. Not for concurrent use.
/// </summary>
/// <remarks>A key and IV are used for one attachment only: the same twice would give both away.</remarks>
public sealed class AttachmentCipher : IDisposable
{
    public const int KeySize = 32;
    public const int IvSize = 16;

    private const int BlockSize = 16;
    private const int BlocksAtOnce = 1024;

    private readonly Aes _aes = Aes.Create();
    private readonly UInt128 _first;
    private readonly byte[] _counters = new byte[BlocksAtOnce * BlockSize];
    private readonly byte[] _stream = new byte[BlocksAtOnce * BlockSize];

    /// <exception cref="ArgumentException">Not 32 and 16 bytes.</exception>
    public AttachmentCipher(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv)
    {
        if (key.Length != KeySize) throw new ArgumentException("A key has 32 bytes.", nameof(key));
        if (iv.Length != IvSize) throw new ArgumentException("An IV has 16 bytes.", nameof(iv));
        _aes.SetKey(key);
        _first = BinaryPrimitives.ReadUInt128BigEndian(iv);
    }

    /// <summary>Turns bytes over in place.</summary>
    /// <param name="offset">Where the first of them lies in the whole attachment.</param>
    public void Apply(Span<byte> data, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var (block, skip) = ((ulong)offset / BlockSize, (int)(offset % BlockSize));
        while (data.Length > 0)
        {
            var blocks = Math.Min(BlocksAtOnce, (skip + data.Length + BlockSize - 1) / BlockSize);
            var stream = KeyStream(block, blocks)[skip..];
            var part = data[..Math.Min(data.Length, stream.Length)];
            Xor(part, stream[..part.Length]);
            data = data[part.Length..];
            (block, skip) = (block + (ulong)blocks, 0);
        }
    }

    public void Dispose()
    {
        _aes.Dispose();
        CryptographicOperations.ZeroMemory(_stream);
    }

    // The counter is the IV as one number of 128 bits, and it wraps.
    private ReadOnlySpan<byte> KeyStream(ulong block, int blocks)
    {
        var counters = _counters.AsSpan(0, blocks * BlockSize);
        for (var i = 0; i < blocks; i++)
        {
            BinaryPrimitives.WriteUInt128BigEndian(counters[(i * BlockSize)..], unchecked(_first + block + (ulong)i));
        }

        _aes.EncryptEcb(counters, _stream, PaddingMode.None);
        return _stream.AsSpan(0, counters.Length);
    }

    private static void Xor(Span<byte> data, ReadOnlySpan<byte> stream)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        var with = MemoryMarshal.Cast<byte, ulong>(stream);
        for (var i = 0; i < words.Length; i++) words[i] ^= with[i];
        for (var i = words.Length * sizeof(ulong); i < data.Length; i++) data[i] ^= stream[i];
    }
}
