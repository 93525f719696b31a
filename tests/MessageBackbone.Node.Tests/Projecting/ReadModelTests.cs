using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class ReadModelTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task As_of_a_position_a_delivery_stands_as_it_did_then()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(DeliveryStates.Projection);
        var id = ProjectedLog.NewId();
        var accepted = await log.AcceptAsync(id, "FR", Precedence.Flash, "DE", "ES");
        var delivered = await log.DeliverAsync(id, "DE", attempt: 2, sequence: 41);
        var opened = await log.OpenAsync(id, "DE");
        await follower.CatchUpAsync(Cancel);
        var deliveries = new Deliveries(follower);

        async Task<string> AsOf(LogPosition? position) =>
            string.Join(' ', (await deliveries.OfMessageAsync(id, position, Cancel)).Select(s => $"{s.Recipient}:{s.State}:{s.Attempts}:{s.Sequence}"));

        Assert.Equal("", await AsOf(LogPosition.Start));
        Assert.Equal("DE:Waiting:0:0 ES:Waiting:0:0", await AsOf(accepted));
        Assert.Equal("DE:Delivered:2:41 ES:Waiting:0:0", await AsOf(delivered));
        Assert.Equal("DE:Opened:2:41 ES:Waiting:0:0", await AsOf(opened));
        Assert.Equal("DE:Opened:2:41 ES:Waiting:0:0", await AsOf(null));
    }

    [Fact]
    public async Task A_standing_gives_the_times_and_the_reason_of_each_recipient()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(DeliveryStates.Projection);
        var id = ProjectedLog.NewId();
        await log.AcceptAsync(id, "FR", Precedence.Flash, "DE", "ES", "GB");
        await log.DeliverAsync(id, "DE", sequence: 3);
        await log.OpenAsync(id, "DE");
        await log.RefuseAsync(id, "ES", "CANNOT_OPEN");
        await follower.CatchUpAsync(Cancel);

        var standings = await new Deliveries(follower).OfMessageAsync(id, null, Cancel);

        Assert.Equal(new("DE", DeliveryState.Opened, 1, 3, ProjectedLog.Start.AddSeconds(2), ProjectedLog.Start.AddSeconds(9), ""), standings[0]);
        Assert.Equal(new("ES", DeliveryState.Refused, 0, 0, null, null, "CANNOT_OPEN"), standings[1]);
        Assert.Equal(new("GB", DeliveryState.Waiting, 0, 0, null, null, ""), standings[2]);
        Assert.Empty(await new Deliveries(follower).OfMessageAsync("../../etc", null, Cancel));
    }

    [Fact]
    public async Task The_board_counts_by_bureau_and_precedence_and_knows_the_oldest_that_waits()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(BoardTally.Projection);
        var ids = Enumerable.Range(0, 4).Select(_ => ProjectedLog.NewId()).ToArray();
        for (var i = 0; i < 4; i++)
            await log.AppendAsync(StreamId.Message(ids[i]), ProjectedLog.Accepted(ids[i], "FR", Precedence.Flash, ProjectedLog.Start.AddMinutes(i), "DE"));
        await log.DeliverAsync(ids[0], "DE");
        await log.DeliverAsync(ids[1], "DE");
        await log.OpenAsync(ids[1], "DE");
        await log.AppendAsync(StreamId.Delivery(ids[2], "DE"), new Quarantined { MessageId = ids[2], Recipient = "DE", At = ProjectedLog.Start.ToTimestamp() });
        await follower.CatchUpAsync(Cancel);

        var row = Assert.Single((await follower.File.ReadAsync(BoardTally.Read, Cancel)).Rows);

        Assert.Equal(("DE", Precedence.Flash), (row.Bureau, row.Precedence));
        Assert.Equal((1ul, 2ul, 1ul, 0ul, 1ul), (row.Waiting, row.Delivered, row.Opened, row.Refused, row.Quarantined));
        Assert.Equal(ProjectedLog.Start.AddMinutes(2), row.OldestWaitingAt.ToDateTimeOffset());
    }

    [Fact]
    public async Task The_message_index_holds_what_the_header_says()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(MessageIndex.Projection);
        var id = ProjectedLog.NewId();
        var position = await log.AcceptAsync(id, "FR", Precedence.Priority, "DE", "ES");
        await follower.CatchUpAsync(Cancel);

        var row = await follower.File.ReadAsync(
            session => session.Prepare("SELECT position, id, sender, kind, precedence, reference, conversation, classification, bureaus FROM message")
                .All(r => (r.Number(0), RowText.Id(r.Bytes(1)), r.Text(2), r.Text(3), r.Number(4), r.Text(5), r.IsNull(6), r.Number(7), r.Text(8))).Single(),
            Cancel);

        Assert.Equal(((long)position.Value, id, "FR", "text", 2L, "2026/17", true, 2L, """["DE","ES"]"""), row);
    }

    [Fact]
    public async Task Leaves_are_dense_over_everything_but_the_ledger()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(EventIndex.Projection);
        var id = ProjectedLog.NewId();
        await log.AcceptAsync(id, "FR", Precedence.Priority, "DE");
        await log.AppendRawAsync(StreamId.Ledger, "ledger.checkpoint.v1", [1]);
        await log.DeliverAsync(id, "DE");
        await log.AcceptAsync(ProjectedLog.NewId(), "FR", Precedence.Priority, "DE");
        await follower.CatchUpAsync(Cancel);
        var events = new Events(follower);

        Assert.Equal([0ul, null, 1ul, 2ul, 3ul], (await events.PageAsync(new EventQuery([]), LogPosition.Start, Cancel)).Found.Select(e => e.Leaf));
        Assert.Equal([0ul, 1ul, 2ul], (await events.PageAsync(new EventQuery([], MessageId: id), LogPosition.Start, Cancel)).Found.Select(e => e.Leaf!.Value));
        Assert.Equal([2ul], (await events.PageAsync(new EventQuery(["delivery.delivered.v1"]), LogPosition.Start, Cancel)).Found.Select(e => e.Leaf!.Value));
        Assert.Empty((await events.PageAsync(new EventQuery([], RecordedFrom: ProjectedLog.Start.AddTicks(1)), LogPosition.Start, Cancel)).Found);
        Assert.Empty((await events.PageAsync(new EventQuery([], RecordedBefore: ProjectedLog.Start), LogPosition.Start, Cancel)).Found);
    }

    [Fact]
    public async Task As_of_a_position_the_directory_reads_as_it_did_then_also_after_a_restart()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var first = await log.FollowAsync(DirectoryEntries.Projection);
        var registered = await log.AppendAsync(StreamId.Directory, new BureauRegistered { Act = new RegisterBureau { ActId = "1", Code = "FR", DisplayName = "Paris" } });
        await log.AppendAsync(StreamId.Directory, new TopicAllowed { Act = new AllowTopic { ActId = "2", Topic = "art" } });
        await first.CatchUpAsync(Cancel);
        await first.DisposeAsync();

        var second = await log.FollowAsync(DirectoryEntries.Projection);
        var subscribed = await log.AppendAsync(StreamId.Bureau("FR"), new Subscribed { Bureau = "FR", Topic = "art" });
        var closed = await log.AppendAsync(StreamId.Directory, new BureauClosed { Act = new CloseBureau { ActId = "3", Code = "FR" } });
        await second.CatchUpAsync(Cancel);

        async Task<string> AsOf(LogPosition position) => string.Join(' ', (await second.File.ReadAsync(s => DirectoryEntries.AsOf(s, position), Cancel)).Select(
            u => u.Bureau is { } b ? $"{b.Code}({string.Join(',', b.Topics)}){(b.Closed ? " closed" : "")}" : $"{u.Topic.Topic}({string.Join(',', u.Topic.Subscribers)})"));

        Assert.Equal("FR()", await AsOf(registered));
        Assert.Equal("FR(art) art(FR)", await AsOf(subscribed));
        Assert.Equal("FR() closed art()", await AsOf(closed));
    }
}
