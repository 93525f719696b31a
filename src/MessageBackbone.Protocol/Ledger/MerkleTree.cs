using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>The hashes of RFC 6962 §2.1, over SHA-256. Leaves and nodes begin with different bytes, so that neither passes for the other.</summary>
public static class MerkleTree
{
    /// <summary>The most leaves that a tree may have: 2^63 − 1. Every size and index of this namespace stays below it.</summary>
    public const ulong LargestSize = long.MaxValue;

    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;
    private const int OnStack = 2048;

    /// <summary>The root of the tree without leaves: SHA-256 of no bytes.</summary>
    public static TreeHash Empty { get; } = TreeHash.From(SHA256.HashData([]));

    /// <summary>SHA-256(0x00 ‖ leaf)</summary>
    public static TreeHash LeafHash(ReadOnlySpan<byte> leaf)
    {
        var size = 1 + leaf.Length;
        var rented = size > OnStack ? ArrayPool<byte>.Shared.Rent(size) : null; // one call for one copy beats an incremental hash at any size
        Span<byte> bytes = rented ?? stackalloc byte[OnStack];
        bytes[0] = LeafPrefix;
        leaf.CopyTo(bytes[1..]);
        var hash = Sha256(bytes[..size]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    /// <summary>SHA-256(0x01 ‖ left ‖ right)</summary>
    public static TreeHash NodeHash(in TreeHash left, in TreeHash right)
    {
        Span<byte> bytes = stackalloc byte[1 + (2 * TreeHash.Size)];
        bytes[0] = NodePrefix;
        left.Bytes.CopyTo(bytes[1..]);
        right.Bytes.CopyTo(bytes[(1 + TreeHash.Size)..]);
        return Sha256(bytes);
    }

    /// <summary>The hash of a complete subtree from the hashes of its complete subtrees of one level, in order.</summary>
    /// <exception cref="ArgumentException">The number of hashes is no power of two.</exception>
    public static TreeHash CompleteHash(ReadOnlySpan<TreeHash> hashes)
    {
        if (!BitOperations.IsPow2(hashes.Length))
            throw new ArgumentException("A complete subtree has a power of two of hashes at every level.");
        if (hashes.Length == 1)
            return hashes[0];
        var half = hashes.Length / 2;
        return NodeHash(CompleteHash(hashes[..half]), CompleteHash(hashes[half..]));
    }

    private static TreeHash Sha256(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[TreeHash.Size];
        SHA256.HashData(bytes, digest);
        return TreeHash.From(digest);
    }
}
