using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

/// <summary>Trees of up to 2^63 − 1 leaves that are all alike but one, so that the hash of any complete subtree is quickly made.</summary>
public sealed class LargeTreeTests
{
    private static readonly TreeHash[] _alike = Alike();

    [Fact]
    public void Proofs_hold_at_random_sizes_up_to_the_largest()
    {
        var random = new Random(6962);
        for (var round = 0; round < 2000; round++)
        {
            var size = Any(random, 1, MerkleTree.LargestSize);
            var index = Any(random, 0, size - 1);
            var old = Any(random, 1, size);

            Check(index, old, size);
        }
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData((ulong)long.MaxValue / 2)]
    [InlineData(((ulong)long.MaxValue / 2) + 1)]
    [InlineData((ulong)long.MaxValue - 2)]
    [InlineData((ulong)long.MaxValue - 1)]
    public void Proofs_hold_at_the_edges_of_the_largest_tree(ulong index)
    {
        Check(index, index + 1, MerkleTree.LargestSize);
        Check(index, index + 1, index + 1);
    }

    [Fact]
    public void The_longest_proofs_have_63_hashes_for_inclusion_and_64_for_consistency()
    {
        Assert.Equal(63, ProofPlan.Inclusion(0, MerkleTree.LargestSize).Length);
        Assert.Equal(63, ProofPlan.Consistency(1, MerkleTree.LargestSize).Length);
        Assert.Equal(64, ProofPlan.Consistency(3, MerkleTree.LargestSize).Length);
    }

    private static void Check(ulong index, ulong old, ulong size)
    {
        TreeHash Read(Subtree subtree) => Hash(subtree, index);
        var root = Frontier.Read(size, Read).Root();
        var oldRoot = Frontier.Read(old, Read).Root();
        var leaf = Read(new Subtree(0, index));
        var included = ProofPlan.Inclusion(index, size).Build(Read);
        var extended = ProofPlan.Consistency(old, size).Build(Read);

        Assert.True(MerkleProofs.VerifyInclusion(index, size, leaf, included, root, out var problem), problem);
        Assert.True(MerkleProofs.VerifyConsistency(old, oldRoot, size, root, extended, out problem), problem);

        Assert.False(MerkleProofs.VerifyInclusion(index, size, _alike[0], included, root, out _));
        Assert.False(MerkleProofs.VerifyInclusion(index ^ 1, size, leaf, included, root, out _));
        Assert.False(MerkleProofs.VerifyInclusion(index, size, leaf, [.. included, leaf], root, out _));
        Assert.False(MerkleProofs.VerifyConsistency(old, default, size, root, extended, out _));
        Assert.False(MerkleProofs.VerifyConsistency(old, oldRoot, size, default, extended, out _));
        Assert.False(MerkleProofs.VerifyConsistency(old, oldRoot, size, root, [.. extended, leaf], out _));
    }

    private static TreeHash Hash(Subtree subtree, ulong special)
    {
        if (special >> subtree.Level != subtree.Index)
            return _alike[subtree.Level];
        var hash = MerkleTree.LeafHash("special"u8);
        for (var level = 0; level < subtree.Level; level++)
            hash = (special >> level & 1) == 0 ? MerkleTree.NodeHash(hash, _alike[level]) : MerkleTree.NodeHash(_alike[level], hash);
        return hash;
    }

    private static TreeHash[] Alike()
    {
        var hashes = new TreeHash[63];
        hashes[0] = MerkleTree.LeafHash("alike"u8);
        for (var level = 1; level < hashes.Length; level++)
            hashes[level] = MerkleTree.NodeHash(hashes[level - 1], hashes[level - 1]);
        return hashes;
    }

    /// <summary>Of every order of magnitude alike.</summary>
    private static ulong Any(Random random, ulong least, ulong most) =>
        Math.Clamp((ulong)random.NextInt64() >> random.Next(63), least, most);
}
