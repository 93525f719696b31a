using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

/// <summary>The places of C2SP tlog-tiles.</summary>
public sealed class TileTests
{
    [Theory]
    [InlineData(0, 0UL, 0, 0UL, 0, 1)]
    [InlineData(0, 255UL, 0, 0UL, 255, 1)]
    [InlineData(0, 256UL, 0, 1UL, 0, 1)]
    [InlineData(1, 3UL, 0, 0UL, 6, 2)]
    [InlineData(7, 1UL, 0, 0UL, 128, 128)]
    [InlineData(7, 2UL, 0, 1UL, 0, 128)]
    [InlineData(8, 0UL, 1, 0UL, 0, 1)]
    [InlineData(8, 300UL, 1, 1UL, 44, 1)]
    [InlineData(10, 70UL, 1, 1UL, 24, 4)]
    [InlineData(16, 5UL, 2, 0UL, 5, 1)]
    [InlineData(62, 0UL, 7, 0UL, 0, 64)]
    [InlineData(62, 1UL, 7, 0UL, 64, 64)]
    public void A_complete_subtree_has_one_place(int level, ulong index, int tileLevel, ulong tileIndex, int first, int count) =>
        Assert.Equal(new TilePlace(new Tile(tileLevel, tileIndex), first, count), new Subtree(level, index).Place);

    [Fact]
    public void The_place_of_the_last_leaf_of_the_largest_tree_does_not_overflow() =>
        Assert.Equal(new TilePlace(new Tile(0, (1UL << 55) - 1), 254, 1), new Subtree(0, MerkleTree.LargestSize - 1).Place);

    [Theory]
    [InlineData(0, 272UL, 256)]
    [InlineData(0, 273UL, 112)]
    [InlineData(0, 274UL, 0)]
    [InlineData(1, 0UL, 256)]
    [InlineData(1, 1UL, 17)]
    [InlineData(1, 2UL, 0)]
    [InlineData(2, 0UL, 1)]
    [InlineData(3, 0UL, 0)]
    public void Tiles_of_a_tree_of_70000_leaves_are_as_wide_as_the_specification_says(int level, ulong index, int width) =>
        Assert.Equal(width, new Tile(level, index).Width(70_000));

    [Fact]
    public void Stored_tiles_are_as_wide_as_is_said()
    {
        var tree = TiledTree.Of(Rfc6962.Leaves(70_000));

        for (var level = 0; level < 4; level++)
        {
            for (var index = 0UL; index < 275; index++)
                Assert.Equal(tree.StoredHashes(new Tile(level, index)), new Tile(level, index).Width(70_000));
        }
    }

    [Fact]
    public void Every_complete_subtree_is_made_from_its_tile()
    {
        var leaves = Rfc6962.Leaves(1024);
        var tree = TiledTree.Of(leaves);
        for (var level = 0; level <= 10; level++)
        {
            for (var index = 0; index < 1024 >> level; index++)
                Assert.Equal(Rfc6962.Root(leaves.AsSpan(index << level, 1 << level)), tree.Hash(new Subtree(level, (ulong)index)));
        }
    }

    [Fact]
    public void A_tile_that_ends_too_soon_is_refused()
    {
        var place = new Subtree(2, 1).Place;

        Assert.Throws<ArgumentException>(() => place.HashIn(new byte[(8 * 32) - 1]));
        Assert.NotEqual(default, place.HashIn(new byte[8 * 32]));
    }
}
