using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace MessageBackbone.Protocol.Ledger;

/// <summary>
/// What a tree needs to grow: the hashes of the complete subtrees that its leaves consist of, one for each one-bit of the size, at most 63. Adding a
/// leaf takes one node hash on average. Not safe for concurrent use.
/// </summary>
public sealed class Frontier
{
    private const int Levels = 63;

    private readonly TreeHash[] _byLevel = new TreeHash[Levels];

    /// <summary>Leaves taken so far.</summary>
    public ulong Size { get; private set; }

    /// <summary>The root of the tree of <see cref="Size"/> leaves: at most 62 node hashes, nothing is changed.</summary>
    public TreeHash Root()
    {
        if (Size == 0)
            return MerkleTree.Empty;
        var level = BitOperations.TrailingZeroCount(Size);
        var root = _byLevel[level];
        while (++level < Levels)
        {
            if (Has(level))
                root = MerkleTree.NodeHash(_byLevel[level], root);
        }
        return root;
    }

    /// <summary>The frontier of a tree whose hashes are stored: reads one hash for each one-bit of the size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is above 2^63 − 1.</exception>
    public static Frontier Read(ulong size, SubtreeReader read)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MerkleTree.LargestSize);
        var frontier = new Frontier { Size = size };
        foreach (var subtree in new LeafRange(0, size).Subtrees())
            frontier._byLevel[subtree.Level] = read(subtree);
        return frontier;
    }

    /// <exception cref="InvalidOperationException">The tree has 2^63 − 1 leaves.</exception>
    public void Add(in TreeHash leafHash)
    {
        Span<TreeHash> completed = stackalloc TreeHash[Levels];
        Add(leafHash, completed);
    }

    /// <summary>Adds a leaf and tells which complete subtrees end with it.</summary>
    /// <param name="completed">Takes their hashes by level, from the leaf itself at 0; 63 are always enough.</param>
    /// <returns>How many there are, at least 1.</returns>
    /// <exception cref="InvalidOperationException">The tree has 2^63 − 1 leaves.</exception>
    public int Add(in TreeHash leafHash, Span<TreeHash> completed)
    {
        if (Size == MerkleTree.LargestSize)
            throw new InvalidOperationException("The tree is full.");
        var level = 0;
        completed[0] = leafHash;
        while (Has(level))
        {
            completed[level + 1] = MerkleTree.NodeHash(_byLevel[level], completed[level]);
            level++;
        }
        _byLevel[level] = completed[level];
        Size++;
        return level + 1;
    }

    /// <summary>The size, 8 bytes big-endian, then the hashes, 32 bytes each, from the largest subtree to the smallest.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[sizeof(ulong) + (BitOperations.PopCount(Size) * TreeHash.Size)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Size);
        var rest = bytes.AsSpan(sizeof(ulong));
        foreach (var subtree in new LeafRange(0, Size).Subtrees())
        {
            _byLevel[subtree.Level].Bytes.CopyTo(rest);
            rest = rest[TreeHash.Size..];
        }
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote. That the hashes are those of a tree is not to be seen here: compare the root.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Frontier? frontier)
    {
        frontier = null;
        if (!BinaryPrimitives.TryReadUInt64BigEndian(bytes, out var size) || size > MerkleTree.LargestSize
            || bytes.Length != sizeof(ulong) + (BitOperations.PopCount(size) * TreeHash.Size))
        {
            return false;
        }
        frontier = new Frontier { Size = size };
        var rest = bytes[sizeof(ulong)..];
        foreach (var subtree in new LeafRange(0, size).Subtrees())
        {
            frontier._byLevel[subtree.Level] = TreeHash.From(rest[..TreeHash.Size]);
            rest = rest[TreeHash.Size..];
        }
        return true;
    }

    private bool Has(int level) => (Size >> level & 1) != 0;
}
