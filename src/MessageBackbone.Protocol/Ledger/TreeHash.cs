using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>A hash of the ledger's tree: 32 bytes by value, nothing on the heap. The default is 32 zero bytes, the hash of nothing.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TreeHash
{
    public const int Size = Digests.Size;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private TreeHash(ReadOnlySpan<ulong> words)
    {
        _a = words[0];
        _b = words[1];
        _c = words[2];
        _d = words[3];
    }

    [UnscopedRef]
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(new ReadOnlySpan<TreeHash>(in this));

    /// <returns>False unless there are exactly 32 bytes.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TreeHash hash)
    {
        hash = bytes.Length == Size ? new TreeHash(MemoryMarshal.Cast<byte, ulong>(bytes)) : default;
        return bytes.Length == Size;
    }

    /// <exception cref="ArgumentException">There are not exactly 32 bytes.</exception>
    public static TreeHash From(ReadOnlySpan<byte> bytes) =>
        TryRead(bytes, out var hash) ? hash : throw new ArgumentException($"A hash of the tree has {Size} bytes, not {bytes.Length}.");

    /// <exception cref="FormatException">The text is no hexadecimal of 32 bytes.</exception>
    public static TreeHash Parse(string hex) =>
        TryRead(Convert.FromHexString(hex), out var hash) ? hash : throw new FormatException($"A hash of the tree has {2 * Size} digits.");

    public byte[] ToArray() => Bytes.ToArray();

    /// <summary>Lower-case hexadecimal.</summary>
    public override string ToString() => Digests.Hex(Bytes);
}
