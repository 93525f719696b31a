using System.Security.Cryptography;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

public sealed class MerkleTreeTests
{
    [Fact]
    public void The_well_known_leaves_have_the_well_known_roots_at_each_size()
    {
        var frontier = new Frontier();
        Assert.Equal(Rfc6962.WellKnownRoots[0], frontier.Root().ToString());
        for (var i = 0; i < 8; i++)
        {
            frontier.Add(MerkleTree.LeafHash(Rfc6962.WellKnownLeaves[i]));

            Assert.Equal(Rfc6962.WellKnownRoots[i + 1], frontier.Root().ToString());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(100_000)]
    public void A_leaf_of_any_length_is_hashed_behind_a_zero(int length)
    {
        var leaf = RandomNumberGenerator.GetBytes(length);

        Assert.Equal(SHA256.HashData([0, .. leaf]), MerkleTree.LeafHash(leaf).ToArray());
    }

    [Fact]
    public void A_frontier_gives_the_root_of_each_size()
    {
        var leaves = Rfc6962.Leaves(300);
        var frontier = new Frontier();
        for (var size = 0; size <= leaves.Length; size++)
        {
            Assert.Equal((ulong)size, frontier.Size);
            Assert.Equal(Rfc6962.Root(leaves.AsSpan(0, size)), frontier.Root());
            if (size < leaves.Length)
                frontier.Add(MerkleTree.LeafHash(leaves[size]));
        }
    }

    [Fact]
    public void A_frontier_that_was_stored_goes_on_as_if_it_had_not_been()
    {
        var leaves = Rfc6962.Leaves(130);
        for (var size = 0; size < leaves.Length; size++)
        {
            var stored = TiledTree.Of(leaves.Take(size)).Frontier.ToBytes();

            Assert.True(Frontier.TryRead(stored, out var frontier));
            Assert.Equal(stored, frontier.ToBytes());
            frontier.Add(MerkleTree.LeafHash(leaves[size]));
            Assert.Equal(Rfc6962.Root(leaves.AsSpan(0, size + 1)), frontier.Root());
        }
    }

    [Fact]
    public void A_stored_frontier_of_another_length_is_refused()
    {
        var stored = TiledTree.Of(Rfc6962.Leaves(7)).Frontier.ToBytes();
        Assert.Equal(8 + (3 * 32), stored.Length);

        for (var length = 0; length < stored.Length; length++)
            Assert.False(Frontier.TryRead(stored.AsSpan(0, length), out _));
        Assert.False(Frontier.TryRead([.. stored, 0], out _));
        Assert.False(Frontier.TryRead([0x80, .. stored.AsSpan(1)], out _));
        Assert.False(Frontier.TryRead([0x80, .. new byte[7 + 32]], out _)); // one hash for one bit, and one leaf too many
    }

    [Fact]
    public void A_frontier_of_the_largest_size_holds_63_hashes_and_takes_no_more()
    {
        var stored = new byte[8 + (63 * 32)];
        stored.AsSpan(0, 8).Fill(0xff);
        stored[0] = 0x7f;

        Assert.True(Frontier.TryRead(stored, out var frontier));
        Assert.Equal(MerkleTree.LargestSize, frontier.Size);
        Assert.NotEqual(default, frontier.Root());
        Assert.Throws<InvalidOperationException>(() => frontier.Add(default));
    }

    [Fact]
    public void A_frontier_one_below_the_largest_size_takes_one_more()
    {
        var stored = new byte[8 + (62 * 32)];
        stored.AsSpan(0, 8).Fill(0xff);
        (stored[0], stored[7]) = (0x7f, 0xfe);
        Assert.True(Frontier.TryRead(stored, out var frontier));

        frontier.Add(default);

        Assert.Equal(MerkleTree.LargestSize, frontier.Size);
        Assert.Equal(8 + (63 * 32), frontier.ToBytes().Length);
    }

    [Fact]
    public void A_frontier_is_read_from_tiles_at_any_size()
    {
        var leaves = Rfc6962.Leaves(1000);
        var tree = TiledTree.Of(leaves);
        foreach (var size in (int[])[0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 768, 999, 1000])
        {
            var frontier = Frontier.Read((ulong)size, tree.Hash);

            Assert.Equal(Rfc6962.Root(leaves.AsSpan(0, size)), frontier.Root());
        }
    }

    [Fact]
    public void A_hash_is_read_from_exactly_32_bytes()
    {
        Assert.False(TreeHash.TryRead(new byte[31], out _));
        Assert.False(TreeHash.TryRead(new byte[33], out _));
        Assert.Throws<ArgumentException>(() => TreeHash.From(new byte[33]));
        Assert.Throws<FormatException>(() => TreeHash.Parse("00"));
        Assert.Equal(TreeHash.Parse(Rfc6962.WellKnownRoots[8]), TreeHash.From(Convert.FromHexString(Rfc6962.WellKnownRoots[8])));
    }
}
