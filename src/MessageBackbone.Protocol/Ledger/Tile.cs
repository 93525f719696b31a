using System.Runtime.InteropServices;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// Where hashes are stored, as C2SP tlog-tiles cuts the tree: a tile of level L holds up to 256 hashes of complete subtrees of level 8·L, in order,
/// the first of them number 256 · <paramref name="Index"/>. Levels between are not stored; they are made from the hashes of a tile.
/// </summary>
/// <param name="Level">0 (hashes of leaves) to 7.</param>
/// <param name="Index">Counts the tiles of its level from 0, left to right.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Tile(int Level, ulong Index)
{
    /// <summary>Levels of the tree from one level of tiles to the next.</summary>
    public const int Height = 8;

    /// <summary>Hashes of a full tile, which has 8,192 bytes.</summary>
    public const int MostHashes = 1 << Height;

    /// <summary>
    /// Hashes that this tile holds in a tree of that size, 0 to 256. A tile grows at its end until it is full; what it holds never changes.
    /// </summary>
    public int Width(ulong size)
    {
        var hashes = size >> (Level * Height);
        var before = Index << Height;
        return hashes <= before ? 0 : (int)Math.Min(hashes - before, MostHashes);
    }
}

/// <summary>The hashes of a tile that a complete subtree consists of.</summary>
/// <param name="First">The place of the first of them, from 0.</param>
/// <param name="Count">A power of two, 1 to 128; with 1, the hash of the subtree itself is stored.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct TilePlace(Tile Tile, int First, int Count)
{
    /// <summary>The hash of the subtree, from the bytes of its tile.</summary>
    /// <exception cref="ArgumentException">The bytes end before the subtree does.</exception>
    public TreeHash HashIn(ReadOnlySpan<byte> tile)
    {
        if (tile.Length < (First + Count) * TreeHash.Size)
            throw new ArgumentException($"The tile holds {tile.Length / TreeHash.Size} hashes, and place {First + Count - 1} is asked for.");
        return MerkleTree.CompleteHash(MemoryMarshal.Cast<byte, TreeHash>(tile.Slice(First * TreeHash.Size, Count * TreeHash.Size)));
    }
}
