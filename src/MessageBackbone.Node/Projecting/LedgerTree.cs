using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.Protocol.Ledger;

namespace MessageBackbone.Node.Projecting;

/// <summary>How the tree stands, up to one event of the log.</summary>
internal sealed record TreeState(ulong Size, TreeHash Root);

/// <summary>A checkpoint as it was signed and recorded.</summary>
/// <param name="Note">A C2SP signed note.</param>
/// <param name="Revision">Of its event in stream <c>ledger</c>.</param>
internal sealed record KeptCheckpoint(ulong Size, byte[] Note, StreamRevision Revision);

/// <summary>Questions to the read model <c>ledger</c>. Each reads about as many tiles as the tree has levels of them.</summary>
internal sealed class LedgerTree(ProjectionFollower follower)
{
    public ProjectionFollower Rows => follower;

    /// <summary>The tree as far as the read model has come, and the last checkpoint that was signed (null: none was).</summary>
    public ValueTask<(TreeState Tree, KeptCheckpoint? Last)> StateAsync(CancellationToken cancellationToken) => follower.File.ReadTogetherAsync(
        session =>
        {
            var tiles = new StoredTiles(session);
            return (Tree(tiles, tiles.Size()), Kept(session, "ORDER BY revision DESC", 0));
        },
        cancellationToken);

    /// <summary>The root of the first <paramref name="size"/> leaves; null: there are not so many.</summary>
    public ValueTask<TreeHash?> RootAsync(ulong size, CancellationToken cancellationToken) =>
        OfAsync(size, tiles => (TreeHash?)Tree(tiles, size).Root, cancellationToken);

    /// <summary>The first checkpoint of at least so many leaves; null: there is none yet.</summary>
    public ValueTask<KeptCheckpoint?> CheckpointAsync(ulong size, CancellationToken cancellationToken) =>
        follower.File.ReadTogetherAsync(session => Kept(session, "WHERE size >= ?1 ORDER BY size, revision", size), cancellationToken);

    /// <summary>A leaf's hash and its way to the root of the first <paramref name="size"/> leaves; null: there are not so many.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not index &lt; size.</exception>
    public ValueTask<(TreeHash Leaf, TreeHash[] Proof)?> InclusionAsync(ulong index, ulong size, CancellationToken cancellationToken)
    {
        var plan = ProofPlan.Inclusion(index, size);
        return OfAsync(size, tiles => ((TreeHash, TreeHash[])?)(tiles.Read(new Subtree(0, index)), plan.Build(tiles.Read)), cancellationToken);
    }

    /// <summary>That the tree of <paramref name="newSize"/> leaves begins with the one of <paramref name="oldSize"/>; null: there are not so many.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 &lt; oldSize ≤ newSize.</exception>
    public ValueTask<TreeHash[]?> ConsistencyAsync(ulong oldSize, ulong newSize, CancellationToken cancellationToken)
    {
        var plan = ProofPlan.Consistency(oldSize, newSize);
        return OfAsync(newSize, tiles => plan.Build(tiles.Read), cancellationToken);
    }

    private static TreeState Tree(StoredTiles tiles, ulong size) => new(size, Frontier.Read(size, tiles.Read).Root());

    private static KeptCheckpoint? Kept(ReadModelSession session, string which, ulong size)
    {
        var statement = session.Prepare($"SELECT size, note, revision FROM signed {which} LIMIT 1");
        if (statement.Parameters > 0) statement.Bind(1, (long)Math.Min(size, long.MaxValue));
        return statement.All(row => new KeptCheckpoint((ulong)row.Number(0), row.Bytes(1).ToArray(), new((ulong)row.Number(2)))) is [var kept] ? kept : null;
    }

    private ValueTask<T?> OfAsync<T>(ulong size, Func<StoredTiles, T?> ask, CancellationToken cancellationToken) => follower.File.ReadTogetherAsync(
        session =>
        {
            var tiles = new StoredTiles(session);
            return size <= tiles.Size() ? ask(tiles) : default;
        },
        cancellationToken);
}
