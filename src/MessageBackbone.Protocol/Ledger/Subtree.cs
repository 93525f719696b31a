using System.Runtime.InteropServices;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// A complete subtree: the 2^<paramref name="Level"/> leaves from <paramref name="Index"/> · 2^<paramref name="Level"/> on. Its hash never changes
/// once the tree holds all its leaves.
/// </summary>
/// <param name="Level">0 (a leaf) to 62.</param>
/// <param name="Index">Counts the subtrees of its level from 0, left to right.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Subtree(int Level, ulong Index)
{
    /// <summary>The index of the first leaf after it, which is the least size of a tree that has it.</summary>
    public ulong End => (Index + 1) << Level;

    /// <summary>Where its hash is found, or is made from.</summary>
    public TilePlace Place
    {
        get
        {
            var within = Level % Tile.Height;
            var tile = new Tile(Level / Tile.Height, Index >> (Tile.Height - within));
            return new TilePlace(tile, (int)((Index << within) & (Tile.MostHashes - 1)), 1 << within);
        }
    }
}

/// <summary>Gives the hash of a complete subtree that the tree holds.</summary>
public delegate TreeHash SubtreeReader(Subtree subtree);

/// <summary>
/// The complete subtrees that a range of leaves is made of, when the range is one that RFC 6962 §2.1 splits a tree into: from the largest on the left
/// to the smallest on the right, at most one of each level.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LeafRange(ulong Begin, ulong End)
{
    public List<Subtree> Subtrees()
    {
        var subtrees = new List<Subtree>();
        var begin = Begin;
        for (var level = 62; level >= 0; level--)
        {
            if (((End - Begin) >> level & 1) == 0)
                continue;
            subtrees.Add(new Subtree(level, begin >> level));
            begin += 1UL << level;
        }
        return subtrees;
    }

    /// <summary>MTH(D[Begin:End]). The range is not empty.</summary>
    public TreeHash Hash(SubtreeReader read)
    {
        var subtrees = Subtrees();
        var hash = read(subtrees[^1]);
        for (var i = subtrees.Count - 2; i >= 0; i--)
            hash = MerkleTree.NodeHash(read(subtrees[i]), hash);
        return hash;
    }
}
