using Grpc.Core;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Ledger;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Ledger;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using LedgerClient = MessageBackbone.V1.LedgerService.LedgerServiceClient;

namespace MessageBackbone.Node.Tests.Ledger;

/// <summary>What a running node signs of its log, and what it refuses to sign.</summary>
public sealed class CheckpointTests
{
    private const string Origin = "backbone.test/1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_accepted_is_proved_to_be_in_a_checkpoint_that_the_log_signed()
    {
        await using var house = await OpenAsync("FR", "DE");
        var receipt = AcceptanceOf(await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"])));
        var ledger = new LedgerClient(house["FR"].Channel);

        var signed = Read(await ledger.GetCheckpointAsync(new CheckpointRequest { Fresh = true }, cancellationToken: Cancel));

        Assert.True(KeyOf(house).Verify(signed, out var problem), problem);
        var index = await IndexOfAsync(house, receipt.Position);
        var proof = await ledger.GetInclusionProofAsync(new InclusionRequest { LeafIndex = index, Size = signed.Checkpoint.Size }, cancellationToken: Cancel);
        Assert.Equal(receipt.LeafHash, proof.LeafHash);
        Assert.True(
            MerkleProofs.VerifyInclusion(index, proof.Size, TreeHash.From(receipt.LeafHash.Span), Hashes(proof.Proof), signed.Checkpoint.Root, out problem), problem);
    }

    [Fact]
    public async Task Each_checkpoint_goes_on_from_the_one_before_also_after_a_restart()
    {
        await using var house = await OpenAsync("FR", "DE");
        var first = await FreshAsync(house);
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        await house.RestartAsync();
        var second = await FreshAsync(house);

        var proof = await new LedgerClient(house["FR"].Channel).GetConsistencyProofAsync(
            new ConsistencyRequest { OldSize = first.Size, NewSize = second.Size }, cancellationToken: Cancel);

        Assert.True(second.Size > first.Size);
        Assert.True(MerkleProofs.VerifyConsistency(first.Size, first.Root, second.Size, second.Root, Hashes(proof.Proof), out var problem), problem);
    }

    [Fact]
    public async Task A_grown_tree_is_signed_without_being_asked_for_and_a_quiet_one_is_not_signed_again()
    {
        await using var house = await OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        var tree = house.Node.Services.GetRequiredService<LedgerTree>();
        await tree.Rows.CatchUpAsync(Cancel);
        var size = (await tree.StateAsync(Cancel)).Tree.Size;

        await Eventually.TrueAsync("the tree is signed", async () => (await tree.StateAsync(Cancel)).Last?.Size >= size);

        var signer = house.Node.Services.GetRequiredService<Checkpointing>();
        Assert.Equal((await signer.SignAsync(Cancel)).Revision, (await signer.SignAsync(Cancel)).Revision);
    }

    [Fact]
    public async Task A_log_whose_history_was_changed_is_not_signed_again()
    {
        await using var house = await OpenAsync("FR", "DE");
        await FreshAsync(house);
        await house.StopAsync();
        Rewrite(house);

        await house.RestartAsync();

        var signer = house.Node.Services.GetRequiredService<Checkpointing>();
        await Eventually.TrueAsync("it has stopped", () => signer.State.Contains("history was changed", StringComparison.Ordinal));
        await Assert.ThrowsAsync<FollowerStoppedException>(async () =>
        {
            await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
            await signer.SignAsync(Cancel);
        });
        Assert.Contains(house.Logs.Errors, error => error.Contains("No checkpoint is signed any more", StringComparison.Ordinal));
        house.Logs.Forget();
    }

    [Fact]
    public async Task What_the_tree_does_not_have_is_refused_with_words()
    {
        await using var house = await OpenAsync("FR");
        var size = (await FreshAsync(house)).Size;
        var ledger = new LedgerClient(house["FR"].Channel);

        await RefusedAsync(() => ledger.GetInclusionProofAsync(new InclusionRequest { LeafIndex = size, Size = size }, cancellationToken: Cancel).ResponseAsync);
        await RefusedAsync(() => ledger.GetInclusionProofAsync(new InclusionRequest { Size = ulong.MaxValue }, cancellationToken: Cancel).ResponseAsync);
        await RefusedAsync(() => ledger.GetConsistencyProofAsync(new ConsistencyRequest { OldSize = 0 }, cancellationToken: Cancel).ResponseAsync);
        await RefusedAsync(() => ledger.GetConsistencyProofAsync(
            new ConsistencyRequest { OldSize = 1, NewSize = size + 1_000 }, cancellationToken: Cancel).ResponseAsync);
        await RefusedAsync(() => ledger.GetCheckpointAsync(new CheckpointRequest { Size = size + 1_000 }, cancellationToken: Cancel).ResponseAsync);
    }

    private static Task<House> OpenAsync(params string[] bureaus) => House.OpenAsync(
        options =>
        {
            options.Ledger.HolderFolder = Path.Combine(Path.GetDirectoryName(options.HolderFolder)!, "log");
            options.Ledger.Origin = Origin;
            options.Ledger.SignEvery = TimeSpan.FromMilliseconds(50);
        },
        bureaus);

    private static async Task<Checkpoint> FreshAsync(House house) =>
        Read(await new LedgerClient(house["FR"].Channel).GetCheckpointAsync(new CheckpointRequest { Fresh = true }, cancellationToken: Cancel)).Checkpoint;

    private static SignedCheckpoint Read(LedgerCheckpoint checkpoint) =>
        SignedCheckpoint.TryRead(checkpoint.Checkpoint.Span, out var signed, out var problem) ? signed : throw new InvalidOperationException(problem);

    private static LogKey KeyOf(House house) =>
        new(Origin, System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(house.Folder, "log", "sign.pem"))));

    private static AcceptanceReceipt AcceptanceOf(SubmitReply reply)
    {
        Assert.True(ReceiptBuilding.TryRead(reply.Receipt.Memory, AcceptanceReceipt.Parser, out _, out var acceptance, out _));
        return acceptance;
    }

    private static TreeHash[] Hashes(IEnumerable<Google.Protobuf.ByteString> proof) => [.. proof.Select(hash => TreeHash.From(hash.Span))];

    private static async Task<ulong> IndexOfAsync(House house, ulong position)
    {
        var events = house.Node.Services.GetRequiredService<ReadModels>().Events;
        return await events.File.ReadAsync(
            session => session.Prepare("SELECT leaf FROM event WHERE position = ?1").Bind(1, (long)position).All(row => (ulong)row.Number(0)).Single(), Cancel);
    }

    // As somebody with the disk would: the time of one event, and the rows thrown away so that nothing remembers.
    private static void Rewrite(House house)
    {
        using (var file = new SqliteConnection($"Data Source={Path.Combine(house.Options.DataFolder, "events.db")}"))
        {
            file.Open();
            using var change = file.CreateCommand();
            change.CommandText = "DROP TRIGGER event_is_never_changed; UPDATE event SET recorded_at = recorded_at + 10 "
                + "WHERE position = (SELECT min(position) FROM event WHERE stream <> 'ledger')";
            Assert.Equal(1, change.ExecuteNonQuery());
        }

        SqliteConnection.ClearAllPools();
        foreach (var rows in System.IO.Directory.EnumerateFiles(Path.Combine(house.Options.DataFolder, "read-models"), "ledger.db*")) File.Delete(rows);
    }

    private static async Task RefusedAsync<T>(Func<Task<T>> call) =>
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
}
