using System.Numerics;
using System.Runtime.InteropServices;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// Verifies proofs as RFC 9162 §2.1.3.2 and §2.1.4.2 describe, by what is given alone. A proof holds with exactly one number of hashes. A refusal
/// says why in words for people.
/// </summary>
public static class MerkleProofs
{
    private const string TooLong = "The proof has more hashes than these sizes need.";
    private const string TooShort = "The proof has fewer hashes than these sizes need.";

    /// <summary>Whether the tree of that size and root has that leaf at that index.</summary>
    /// <param name="index">From 0, below <paramref name="size"/>.</param>
    /// <param name="size">1 to 2^63 − 1.</param>
    /// <param name="problem">Empty where the proof holds.</param>
    public static bool VerifyInclusion(
        ulong index, ulong size, in TreeHash leafHash, ReadOnlySpan<TreeHash> proof, in TreeHash root, out string problem)
    {
        problem = size switch
        {
            0 => "A tree without leaves includes nothing.",
            > MerkleTree.LargestSize => "The size is above 2^63 − 1.",
            _ when index >= size => $"There is no leaf {index} in a tree of {size} leaves: they count from 0.",
            _ => "",
        };
        if (problem.Length != 0)
            return false;
        var climb = new Climb(index, size - 1);
        var hash = leafHash;
        foreach (ref readonly var sibling in proof)
        {
            if (climb.IsAtRoot)
                return Refuse(TooLong, out problem);
            hash = climb.SiblingIsLeft ? MerkleTree.NodeHash(sibling, hash) : MerkleTree.NodeHash(hash, sibling);
            climb.Up();
        }
        if (!climb.IsAtRoot)
            return Refuse(TooShort, out problem);
        return hash == root || Refuse($"The proof leads to the root {hash}, not to {root}.", out problem);
    }

    /// <summary>Whether the tree of the new size and root begins with the leaves of the old one.</summary>
    /// <param name="oldSize">1 to <paramref name="newSize"/>. Every tree begins with no leaves: nothing is proved about them.</param>
    /// <param name="newSize">Up to 2^63 − 1. With equal sizes the roots are equal and the proof is empty.</param>
    /// <param name="problem">Empty where the proof holds.</param>
    public static bool VerifyConsistency(
        ulong oldSize, in TreeHash oldRoot, ulong newSize, in TreeHash newRoot, ReadOnlySpan<TreeHash> proof, out string problem)
    {
        problem = oldSize switch
        {
            0 => "There is nothing to prove about a tree without leaves.",
            _ when newSize > MerkleTree.LargestSize => "The size is above 2^63 − 1.",
            _ when oldSize > newSize => $"The tree of {newSize} leaves is smaller than the one of {oldSize} leaves it should follow on.",
            _ when oldSize == newSize && proof.Length != 0 => TooLong,
            _ when oldSize == newSize && oldRoot != newRoot => $"Two trees of {oldSize} leaves have different roots: {oldRoot} and {newRoot}.",
            _ => "",
        };
        if (problem.Length != 0 || oldSize == newSize)
            return problem.Length == 0;
        return ClimbBoth(oldSize, oldRoot, newSize, newRoot, proof, out problem);
    }

    /// <summary>From the largest complete subtree that ends both with the old tree's last leaf and inside the new tree.</summary>
    private static bool ClimbBoth(
        ulong oldSize, in TreeHash oldRoot, ulong newSize, in TreeHash newRoot, ReadOnlySpan<TreeHash> proof, out string problem)
    {
        problem = "";
        var level = BitOperations.TrailingZeroCount(oldSize);
        var climb = new Climb((oldSize - 1) >> level, (newSize - 1) >> level);
        var startIsOldTree = BitOperations.IsPow2(oldSize);
        if (proof.Length == 0)
            return Refuse(TooShort, out problem);
        var (oldHash, newHash) = startIsOldTree ? (oldRoot, oldRoot) : (proof[0], proof[0]);
        foreach (ref readonly var sibling in startIsOldTree ? proof : proof[1..])
        {
            if (climb.IsAtRoot)
                return Refuse(TooLong, out problem);
            if (climb.SiblingIsLeft)
            {
                oldHash = MerkleTree.NodeHash(sibling, oldHash);
                newHash = MerkleTree.NodeHash(sibling, newHash);
            }
            else
            {
                newHash = MerkleTree.NodeHash(newHash, sibling);
            }
            climb.Up();
        }
        if (!climb.IsAtRoot)
            return Refuse(TooShort, out problem);
        if (oldHash != oldRoot)
            return Refuse($"The proof leads to the root {oldHash} of {oldSize} leaves, not to {oldRoot}.", out problem);
        return newHash == newRoot || Refuse($"The proof leads to the root {newHash} of {newSize} leaves, not to {newRoot}.", out problem);
    }

    private static bool Refuse(string why, out string problem)
    {
        problem = why;
        return false;
    }

    /// <summary>The way of a node up to the root, beside the last node of each level.</summary>
    [StructLayout(LayoutKind.Auto)]
    private struct Climb(ulong node, ulong last)
    {
        private ulong _node = node;
        private ulong _last = last;

        public readonly bool IsAtRoot => _last == 0;

        public readonly bool SiblingIsLeft => (_node & 1) != 0 || _node == _last;

        /// <summary>One level up; a last node that has no sibling at a level goes on to the level where it has a left one.</summary>
        public void Up()
        {
            var levels = 1;
            if ((_node & 1) == 0 && _node == _last)
                levels += BitOperations.TrailingZeroCount(_node); // never 0 here: the root is asked for before
            _node >>= levels;
            _last >>= levels;
        }
    }
}
