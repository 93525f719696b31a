using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Protocol.Tests.Ledger;

public sealed class ProofTests
{
    private const int Most = 70;

    private static readonly byte[][] _leaves = Rfc6962.Leaves(Most);
    private static readonly TreeHash[] _roots = [.. Enumerable.Range(0, Most + 1).Select(n => Rfc6962.Root(_leaves.AsSpan(0, n)))];
    private static readonly TreeHash[] _leafHashes = [.. _leaves.Select(l => MerkleTree.LeafHash(l))];

    [Fact]
    public void Inclusion_of_every_leaf_at_every_size_is_as_the_text_says_and_holds()
    {
        var tree = TiledTree.Of(_leaves);
        for (var size = 1; size <= Most; size++)
        {
            for (var index = 0; index < size; index++)
            {
                var proof = tree.Inclusion((ulong)index, (ulong)size);

                Assert.Equal(Rfc6962.Path(index, _leaves.AsSpan(0, size)), proof);
                Assert.True(Includes(index, size, _leafHashes[index], proof, _roots[size], out var problem), problem);
                Assert.Empty(problem);
            }
        }
    }

    [Fact]
    public void Consistency_of_every_two_sizes_is_as_the_text_says_and_holds()
    {
        var tree = TiledTree.Of(_leaves);
        for (var size = 1; size <= Most; size++)
        {
            for (var old = 1; old <= size; old++)
            {
                var proof = tree.Consistency((ulong)old, (ulong)size);

                Assert.Equal(Rfc6962.Proof(old, _leaves.AsSpan(0, size)), proof);
                Assert.True(Extends(old, _roots[old], size, _roots[size], proof, out var problem), problem);
                Assert.Empty(problem);
            }
        }
    }

    [Fact]
    public void Known_proofs_of_the_well_known_leaves()
    {
        var tree = TiledTree.Of(Rfc6962.WellKnownLeaves);
        const string one = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
        const string two = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
        const string four = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
        const string five = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
        const string six = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
        const string sixth = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

        Assert.Equal([one, two, four], Hex(tree.Inclusion(0, 8)));
        Assert.Equal([five, six, Rfc6962.WellKnownRoots[4]], Hex(tree.Inclusion(5, 8)));
        Assert.Equal([Rfc6962.WellKnownRoots[2]], Hex(tree.Inclusion(2, 3)));
        Assert.Empty(tree.Consistency(1, 1));
        Assert.Equal([one, two, four], Hex(tree.Consistency(1, 8)));
        Assert.Equal([sixth, six, Rfc6962.WellKnownRoots[4]], Hex(tree.Consistency(6, 8)));
        Assert.Equal([two, five], Hex(tree.Consistency(2, 5)));
    }

    [Fact]
    public void Any_bit_changed_in_an_inclusion_proof_is_refused()
    {
        var tree = TiledTree.Of(_leaves);
        foreach (var (index, size) in ((int, int)[])[(0, 1), (0, 2), (6, 7), (3, 8), (64, 65), (69, 70), (33, 70)])
        {
            var proof = tree.Inclusion((ulong)index, (ulong)size);
            for (var bit = 0; bit < 256; bit++)
            {
                for (var i = 0; i < proof.Length; i++)
                    Assert.False(Includes(index, size, _leafHashes[index], With(proof, i, bit), _roots[size], out _));
                Assert.False(Includes(index, size, Flip(_leafHashes[index], bit), proof, _roots[size], out _));
                Assert.False(Includes(index, size, _leafHashes[index], proof, Flip(_roots[size], bit), out var problem));
                Assert.Contains("leads to the root", problem);
            }
        }
    }

    [Fact]
    public void Any_bit_changed_in_a_consistency_proof_is_refused()
    {
        var tree = TiledTree.Of(_leaves);
        foreach (var (old, size) in ((int, int)[])[(1, 1), (1, 2), (3, 7), (4, 8), (6, 8), (64, 65), (65, 70), (32, 64), (33, 70)])
        {
            var proof = tree.Consistency((ulong)old, (ulong)size);
            for (var bit = 0; bit < 256; bit++)
            {
                for (var i = 0; i < proof.Length; i++)
                    Assert.False(Extends(old, _roots[old], size, _roots[size], With(proof, i, bit), out _));
                Assert.False(Extends(old, Flip(_roots[old], bit), size, _roots[size], proof, out _));
                Assert.False(Extends(old, _roots[old], size, Flip(_roots[size], bit), proof, out var problem));
                Assert.NotEmpty(problem);
            }
        }
    }

    [Fact]
    public void A_proof_with_hashes_too_many_too_few_or_out_of_order_is_refused()
    {
        var tree = TiledTree.Of(_leaves);
        for (var size = 1; size <= 40; size++)
        {
            for (var at = 1; at <= size; at++)
            {
                foreach (var proof in Reshaped(tree.Inclusion((ulong)(at - 1), (ulong)size)))
                    Assert.False(Includes(at - 1, size, _leafHashes[at - 1], proof, _roots[size], out _));
                foreach (var proof in Reshaped(tree.Consistency((ulong)at, (ulong)size)))
                    Assert.False(Extends(at, _roots[at], size, _roots[size], proof, out _));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(13)]
    [InlineData(22)]
    public void A_proof_that_goes_on_after_the_root_is_refused_as_too_long(int old)
    {
        var tree = TiledTree.Of(_leaves);

        Assert.False(Extends(old, _roots[old], 23, _roots[23], [.. tree.Consistency((ulong)old, 23), _roots[1]], out var problem));
        Assert.Contains("more hashes", problem);
        Assert.False(Includes(old, 23, _leafHashes[old], [.. tree.Inclusion((ulong)old, 23), _roots[1]], _roots[23], out problem));
        Assert.Contains("more hashes", problem);
    }

    [Fact]
    public void A_proof_holds_at_no_other_index_and_between_no_other_sizes()
    {
        var tree = TiledTree.Of(_leaves);
        var included = tree.Inclusion(11, 23);
        var extended = tree.Consistency(11, 23);
        for (var size = 0; size <= Most; size++)
        {
            for (var at = 0; at <= Most; at++)
            {
                if ((at, size) == (11, 23))
                    continue;
                Assert.False(at < Most && Includes(at, size, _leafHashes[at], included, _roots[size], out _));
                Assert.False(Extends(at, _roots[at], size, _roots[size], extended, out _));
            }
        }
    }

    [Theory]
    [InlineData(0UL, 0UL, "includes nothing")]
    [InlineData(1UL, 1UL, "There is no leaf 1")]
    [InlineData(ulong.MaxValue, 1UL, "There is no leaf")]
    [InlineData(0UL, (ulong)long.MaxValue + 1, "above 2^63")]
    [InlineData(0UL, 2UL, "fewer hashes")]
    public void Inclusion_without_sense_is_refused_in_words(ulong index, ulong size, string why)
    {
        Assert.False(MerkleProofs.VerifyInclusion(index, size, _leafHashes[0], [], _leafHashes[0], out var problem));
        Assert.Contains(why, problem);
    }

    [Theory]
    [InlineData(0UL, 0UL, "nothing to prove")]
    [InlineData(0UL, 5UL, "nothing to prove")]
    [InlineData(6UL, 5UL, "smaller")]
    [InlineData(1UL, (ulong)long.MaxValue + 1, "above 2^63")]
    [InlineData(ulong.MaxValue, ulong.MaxValue, "above 2^63")]
    [InlineData(1UL, 2UL, "fewer hashes")]
    [InlineData(3UL, 4UL, "fewer hashes")]
    [InlineData(5UL, 5UL, "different roots")]
    public void Consistency_without_sense_is_refused_in_words(ulong old, ulong size, string why)
    {
        Assert.False(MerkleProofs.VerifyConsistency(old, _roots[1], size, _roots[2], [], out var problem));
        Assert.Contains(why, problem);
    }

    [Fact]
    public void Plans_without_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofPlan.Inclusion(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofPlan.Inclusion(5, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofPlan.Inclusion(5, MerkleTree.LargestSize + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofPlan.Consistency(0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofPlan.Consistency(6, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProofPlan.Consistency(6, MerkleTree.LargestSize + 1));
    }

    [Fact]
    public void Only_what_is_planned_is_read_and_each_once()
    {
        var tree = TiledTree.Of(Rfc6962.Leaves(5000));
        foreach (var plan in (ProofPlan[])[ProofPlan.Inclusion(1234, 4999), ProofPlan.Consistency(1234, 4999), ProofPlan.Inclusion(4998, 4999)])
        {
            tree.Read.Clear();

            Assert.Equal(plan.Length, plan.Build(tree.Hash).Length);

            Assert.Equal(plan.Subtrees.OrderBy(s => s.End), tree.Read.OrderBy(s => s.End));
            Assert.Equal(tree.Read.Count, tree.Read.Distinct().Count());
            Assert.InRange(plan.Subtrees.Count, 1, 24);
        }
    }

    private static bool Includes(int index, int size, TreeHash leaf, TreeHash[] proof, TreeHash root, out string problem) =>
        MerkleProofs.VerifyInclusion((ulong)index, (ulong)size, leaf, proof, root, out problem);

    private static bool Extends(int old, TreeHash oldRoot, int size, TreeHash root, TreeHash[] proof, out string problem) =>
        MerkleProofs.VerifyConsistency((ulong)old, oldRoot, (ulong)size, root, proof, out problem);

    private static string[] Hex(TreeHash[] proof) => [.. proof.Select(h => h.ToString())];

    private static TreeHash Flip(TreeHash hash, int bit)
    {
        var bytes = hash.ToArray();
        bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        return TreeHash.From(bytes);
    }

    private static TreeHash[] With(TreeHash[] proof, int place, int bit)
    {
        var changed = (TreeHash[])proof.Clone();
        changed[place] = Flip(changed[place], bit);
        return changed;
    }

    private static IEnumerable<TreeHash[]> Reshaped(TreeHash[] proof)
    {
        yield return [.. proof, _roots[1]];
        yield return [_roots[1], .. proof];
        for (var i = 0; i < proof.Length; i++)
        {
            yield return [.. proof[..i], .. proof[(i + 1)..]];
            yield return [.. proof[..i], proof[i], .. proof[i..]];
            if (i > 0)
                yield return [.. proof[..(i - 1)], proof[i], proof[i - 1], .. proof[(i + 1)..]];
        }
    }
}
