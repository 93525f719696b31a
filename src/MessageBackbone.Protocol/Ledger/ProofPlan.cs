using System.Numerics;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// What a proof is made from: planned without reading anything, so that a store can fetch all its tiles at once, then built. Proofs are in the order
/// of RFC 6962 §2.1.1 and §2.1.2: from the leaves up to the root.
/// </summary>
public sealed class ProofPlan
{
    private readonly List<LeafRange> _ranges;

    private ProofPlan(List<LeafRange> fromRoot)
    {
        fromRoot.Reverse();
        _ranges = fromRoot;
        Subtrees = [.. fromRoot.SelectMany(r => r.Subtrees())];
    }

    /// <summary>Hashes of the proof: at most 63 for inclusion, 64 for consistency.</summary>
    public int Length => _ranges.Count;

    /// <summary>The complete subtrees whose hashes are needed, each once; at most two of each level.</summary>
    public IReadOnlyList<Subtree> Subtrees { get; }

    /// <summary>PATH(index, D[size]) of RFC 6962 §2.1.1: that the leaf is in the tree.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not index &lt; size ≤ 2^63 − 1.</exception>
    public static ProofPlan Inclusion(ulong index, ulong size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MerkleTree.LargestSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var aside = new List<LeafRange>();
        var around = new LeafRange(0, size);
        while (around.End - around.Begin > 1)
            around = Descend(around, index, aside);
        return new ProofPlan(aside);
    }

    /// <summary>PROOF(oldSize, D[newSize]) of RFC 6962 §2.1.2: that the new tree begins with the old one. Empty between equal sizes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt; oldSize ≤ newSize ≤ 2^63 − 1.</exception>
    public static ProofPlan Consistency(ulong oldSize, ulong newSize)
    {
        ArgumentOutOfRangeException.ThrowIfZero(oldSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(newSize, MerkleTree.LargestSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, newSize);
        var aside = new List<LeafRange>();
        var around = new LeafRange(0, newSize);
        while (around.End != oldSize)
            around = Descend(around, oldSize - 1, aside);
        if (around.Begin != 0) // else it is the old tree itself, whose root the verifier has
            aside.Add(around);
        return new ProofPlan(aside);
    }

    /// <summary>Asks for each of <see cref="Subtrees"/> once.</summary>
    public TreeHash[] Build(SubtreeReader read) => [.. _ranges.Select(r => r.Hash(read))];

    /// <summary>Splits a range of two or more leaves, puts the half without the leaf aside and goes into the other.</summary>
    private static LeafRange Descend(LeafRange range, ulong leaf, List<LeafRange> aside)
    {
        var left = 1UL << BitOperations.Log2(range.End - range.Begin - 1);
        var (one, other) = (range with { End = range.Begin + left }, range with { Begin = range.Begin + left });
        var (inside, outside) = leaf < one.End ? (one, other) : (other, one);
        aside.Add(outside);
        return inside;
    }
}
