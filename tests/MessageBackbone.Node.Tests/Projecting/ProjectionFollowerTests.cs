using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class ProjectionFollowerTests
{
    private static readonly Projection[] Projections =
        [MessageIndex.Projection, DeliveryStates.Projection, BoardTally.Projection, DirectoryEntries.Projection, EventIndex.Projection, TrafficRows.Projection];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [.. Projections.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_rebuild_gives_the_same_rows_as_following_did(string name)
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(Projections.Single(p => p.Name == name));
        await SomeEventsAsync(log);
        await follower.CatchUpAsync(Cancel);
        var before = await ProjectedLog.DumpAsync(follower);

        var rebuilt = await follower.RebuildAsync(Cancel);

        Assert.Equal(before, await ProjectedLog.DumpAsync(follower));
        Assert.Equal(await log.Log.EndAsync(Cancel), rebuilt.Position);
        Assert.Equal(FollowerState.Running, follower.State);
    }

    [Fact]
    public async Task A_follower_goes_on_after_its_checkpoint_when_it_starts_again()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var first = await log.FollowAsync(EventIndex.Projection);
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await first.CatchUpAsync(Cancel);
        await first.DisposeAsync();

        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        var second = await log.FollowAsync(EventIndex.Projection);
        await second.CatchUpAsync(Cancel);

        var page = await new Events(second).PageAsync(new EventQuery([]), LogPosition.Start, Cancel);
        Assert.Equal([0ul, 1ul], page.Found.Select(e => e.Leaf!.Value));
    }

    [Fact]
    public async Task A_log_that_lacks_the_checkpoint_s_event_stops_the_follower_and_a_rebuild_starts_it_again()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var first = await log.FollowAsync(MessageIndex.Projection);
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await first.CatchUpAsync(Cancel);
        await first.DisposeAsync();
        await log.ExchangeLogAsync();

        var second = await log.FollowAsync(MessageIndex.Projection);

        var stopped = await Assert.ThrowsAsync<FollowerStoppedException>(() => second.WaitForAsync(new(99), Cancel));
        Assert.Contains("the log is older than this read model", stopped.Message, StringComparison.Ordinal);
        Assert.StartsWith("the log is older", second.State, StringComparison.Ordinal);
        await second.RebuildAsync(Cancel);
        Assert.Equal(LogPosition.Start, second.Position);
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await second.CatchUpAsync(Cancel);
    }

    [Fact]
    public async Task Rows_of_another_version_are_built_again_at_start()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var old = await log.FollowAsync(new Projection("messages", 1, "CREATE TABLE message (old INTEGER);", _ => new NoRows()));
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await old.CatchUpAsync(Cancel);
        await old.DisposeAsync();

        var renewed = await log.FollowAsync(MessageIndex.Projection);
        await renewed.CatchUpAsync(Cancel);

        Assert.Equal(1, await renewed.File.ReadAsync(session => session.Number("SELECT count(*) FROM message WHERE sender = 'FR'"), Cancel));
    }

    [Fact]
    public async Task A_damaged_file_is_built_again_at_start()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        await File.WriteAllTextAsync(Path.Combine(log.ReadModelFolder, "messages.db"), new string('x', 20_000), Cancel);

        var follower = await log.FollowAsync(MessageIndex.Projection);
        await follower.CatchUpAsync(Cancel);

        Assert.Equal(1, await follower.File.ReadAsync(session => session.Number("SELECT count(*) FROM message"), Cancel));
    }

    [Fact]
    public async Task Damage_that_only_a_query_meets_is_the_followers_state_until_the_rebuild()
    {
        const int Corrupt = 11;
        await using var log = await ProjectedLog.OpenAsync();
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        var follower = await log.FollowAsync(MessageIndex.Projection);

        await Assert.ThrowsAsync<ReadModelFault>(async () => await follower.File.ReadAsync<int>(_ => throw new ReadModelFault(Corrupt, "malformed"), Cancel));
        Assert.Equal("its file is damaged; rebuild it", follower.State);
        await follower.RebuildAsync(Cancel);

        Assert.Equal(FollowerState.Running, follower.State);
    }

    [Fact]
    public async Task An_event_of_an_unknown_type_is_passed_over_and_still_a_leaf()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(EventIndex.Projection);

        await log.AppendRawAsync(StreamId.Directory, "directory.from-the-future.v9", [1, 2, 3]);
        await follower.CatchUpAsync(Cancel);

        Assert.Equal(FollowerState.Running, follower.State);
        Assert.Single((await new Events(follower).PageAsync(new EventQuery(["directory.from-the-future.v9"]), LogPosition.Start, Cancel)).Found);
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_stops_the_follower_and_leaves_no_half_of_its_batch()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Routine, "DE");
        var end = await log.AppendRawAsync(StreamId.Message(ProjectedLog.NewId()), "message.accepted.v1", [0xFF, 0xFF, 0xFF]);

        var follower = await log.FollowAsync(MessageIndex.Projection);

        await Assert.ThrowsAsync<FollowerStoppedException>(() => follower.WaitForAsync(end, Cancel));
        Assert.Equal(LogPosition.Start, follower.Position);
        Assert.Equal(0, await follower.File.ReadAsync(session => session.Number("SELECT count(*) FROM message"), Cancel));
    }

    [Fact]
    public async Task Closing_the_node_tells_those_who_wait()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(MessageIndex.Projection);
        var waiting = follower.WaitForAsync(new(1), Cancel);

        await follower.DisposeAsync();

        await Assert.ThrowsAsync<FollowerStoppedException>(() => waiting);
    }

    [Fact]
    public async Task All_read_models_of_a_node_catch_up_and_are_found_by_name()
    {
        await using var log = await ProjectedLog.OpenAsync();
        await using var models = new ReadModels(log.Log, log.Options, TimeProvider.System, NullLogger<ReadModels>.Instance);
        await models.StartAsync(Cancel);
        await SomeEventsAsync(log);

        await models.CatchUpAsync(Cancel);

        Assert.All(models.All, follower => Assert.Same(follower, models.Find(follower.Name)));
        Assert.Null(models.Find("nothing"));
    }

    private static async Task SomeEventsAsync(ProjectedLog log)
    {
        var (a, b) = (ProjectedLog.NewId(), ProjectedLog.NewId());
        await log.AppendAsync(StreamId.Directory, new BureauRegistered { Act = new RegisterBureau { ActId = "a", Code = "FR", DisplayName = "Paris" } });
        await log.AcceptAsync(a, "FR", Precedence.Flash, "DE", "ES");
        await log.AcceptAsync(b, "DE", Precedence.Routine, "FR");
        await log.DeliverAsync(a, "DE");
        await log.AppendAsync(StreamId.Bureau("FR"), new ContractDeclared { Bureau = "FR", Contract = 1 });
        await log.AppendRawAsync(StreamId.Ledger, "ledger.checkpoint.v1", [1]);
        await log.OpenAsync(a, "DE");
        await log.RefuseAsync(b, "FR", "CANNOT_OPEN");
    }

    private sealed class NoRows : IRowWriter
    {
        public void Apply(RecordedEvent recorded)
        {
        }
    }
}
