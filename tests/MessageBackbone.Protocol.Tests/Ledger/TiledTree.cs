using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

/// <summary>A tree in tiles, in memory, as a store holds it: only hashes of levels 0, 8, 16 … are kept, and tiles grow at their ends.</summary>
internal sealed class TiledTree
{
    private readonly Dictionary<Tile, List<byte>> _tiles = [];

    public Frontier Frontier { get; } = new();

    /// <summary>What was asked for since it was last cleared.</summary>
    public List<Subtree> Read { get; } = [];

    public static TiledTree Of(IEnumerable<byte[]> leaves)
    {
        var tree = new TiledTree();
        foreach (var leaf in leaves)
            tree.Add(MerkleTree.LeafHash(leaf));
        return tree;
    }

    public void Add(TreeHash leafHash)
    {
        Span<TreeHash> completed = stackalloc TreeHash[63];
        var count = Frontier.Add(leafHash, completed);
        for (var level = 0; level < count; level += Tile.Height)
        {
            var tile = new Tile(level / Tile.Height, ((Frontier.Size >> level) - 1) >> Tile.Height);
            if (!_tiles.TryGetValue(tile, out var bytes))
                _tiles.Add(tile, bytes = []);
            bytes.AddRange(completed[level].Bytes);
        }
    }

    public TreeHash Hash(Subtree subtree)
    {
        Assert.True(subtree.End <= Frontier.Size, $"{subtree} is not complete");
        Read.Add(subtree);
        return subtree.Place.HashIn(_tiles[subtree.Place.Tile].ToArray());
    }

    public int StoredHashes(Tile tile) => _tiles.TryGetValue(tile, out var bytes) ? bytes.Count / TreeHash.Size : 0;

    public TreeHash[] Inclusion(ulong index, ulong size) => ProofPlan.Inclusion(index, size).Build(Hash);

    public TreeHash[] Consistency(ulong oldSize, ulong newSize) => ProofPlan.Consistency(oldSize, newSize).Build(Hash);
}
