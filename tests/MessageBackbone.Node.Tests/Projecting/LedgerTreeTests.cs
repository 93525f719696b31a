using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Protocol.Ledger;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Recorded = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Tests.Projecting;

/// <summary>The stored tree against one that is made in memory of the log's leaves.</summary>
public sealed class LedgerTreeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(700)]
    public async Task Its_root_is_that_of_all_leaves_in_the_order_of_the_log_however_it_was_read(int events)
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TreeRows.Projection);
        for (var i = 0; i < events; i++)
        {
            await log.AppendRawAsync(StreamId.Message(ProjectedLog.NewId()), "message.accepted.v1", [(byte)i]);
            // Batches of every length.
            if (i % 97 == 0) await follower.CatchUpAsync(Cancel);
        }

        await follower.CatchUpAsync(Cancel);
        var tree = new LedgerTree(follower);
        var followed = (await tree.StateAsync(Cancel)).Tree;
        var rows = await ProjectedLog.DumpAsync(follower);
        await follower.RebuildAsync(Cancel);

        Assert.Equal(Tree(await LeavesAsync(log)), followed);
        Assert.Equal((ulong)events, followed.Size);
        Assert.Equal(rows, await ProjectedLog.DumpAsync(follower));
    }

    [Fact]
    public async Task Its_proofs_lead_to_the_roots_of_every_size()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TreeRows.Projection);
        for (var i = 0; i < 600; i++) await log.AppendRawAsync(StreamId.Message(ProjectedLog.NewId()), "message.accepted.v1", [(byte)i]);
        await follower.CatchUpAsync(Cancel);
        var (tree, leaves) = (new LedgerTree(follower), await LeavesAsync(log));

        foreach (var size in (ulong[])[1, 2, 3, 255, 256, 257, 513, 600])
        {
            var root = Tree(leaves.Take((int)size)).Root;
            Assert.Equal(root, await tree.RootAsync(size, Cancel));
            foreach (var index in (ulong[])[0, size / 2, size - 1])
            {
                var (leaf, proof) = (await tree.InclusionAsync(index, size, Cancel))!.Value;
                Assert.Equal(leaves[(int)index], leaf);
                Assert.True(MerkleProofs.VerifyInclusion(index, size, leaf, proof, root, out var problem), problem);
                var consistency = await tree.ConsistencyAsync(index + 1, size, Cancel);
                Assert.True(MerkleProofs.VerifyConsistency(index + 1, Tree(leaves.Take((int)index + 1)).Root, size, root, consistency!, out problem), problem);
            }
        }

        Assert.Null(await tree.RootAsync(601, Cancel));
        Assert.Null(await tree.InclusionAsync(0, 601, Cancel));
        Assert.Null(await tree.ConsistencyAsync(600, 601, Cancel));
    }

    [Fact]
    public async Task Checkpoints_are_kept_and_are_no_leaves()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TreeRows.Projection);
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await log.AppendAsync(StreamId.Ledger, Signed(1));
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await log.AppendAsync(StreamId.Ledger, Signed(2));
        await follower.CatchUpAsync(Cancel);
        var tree = new LedgerTree(follower);

        var (now, last) = await tree.StateAsync(Cancel);

        Assert.Equal((2UL, 2UL, 1UL), (now.Size, last!.Size, last.Revision.Value));
        Assert.Equal(1UL, (await tree.CheckpointAsync(1, Cancel))!.Size);
        Assert.Equal(Signed(2).Note.ToByteArray(), (await tree.CheckpointAsync(2, Cancel))!.Note);
        Assert.Null(await tree.CheckpointAsync(3, Cancel));
    }

    private static CheckpointSigned Signed(ulong size) => new() { Note = ByteString.CopyFromUtf8($"note {size}"), Size = size };

    private static TreeState Tree(IEnumerable<TreeHash> leaves)
    {
        var frontier = new Frontier();
        foreach (var leaf in leaves) frontier.Add(leaf);
        return new(frontier.Size, frontier.Root());
    }

    private static async Task<List<TreeHash>> LeavesAsync(ProjectedLog log)
    {
        var all = new List<Recorded>();
        await foreach (var batch in log.Log.ReadAllAsync(LogPosition.Start, Cancel)) all.AddRange(batch);
        return
        [
            .. all.Where(e => e.Stream != StreamId.Ledger).Select(e => TreeHash.From(LedgerLeaves.Hash(LedgerLeaves.Write(
                e.EventId, e.Stream.Value, e.Revision.Value, e.Type, e.Data.Span, e.Metadata.Span, e.RecordedAt)))),
        ];
    }
}
