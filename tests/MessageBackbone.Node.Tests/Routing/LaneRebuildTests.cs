using MessageBackbone.Fixtures;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>What operators see of the lanes, and making one anew, at a real broker.</summary>
[Collection(SharedBroker.Name)]
public sealed class LaneRebuildTests(RabbitMqFixture broker)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_list_shows_what_waits_what_the_broker_holds_and_how_each_queue_is()
    {
        var (lane, differing) = (new LaneKey("SI", Precedence.Flash), new LaneKey("SI", Precedence.Priority));
        var missing = new LaneKey("SI", Precedence.Routine);
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        await witness.DeclareClassicAsync(differing.QueueName);
        await using var node = await RabbitMqNode.StartAsync(broker.Address, null, "SI");
        node.Logs.Expect(line => line.Event.Id == 213);
        await node.UpAsync();
        var (attachment, arrived) = await node.AttachAsync(lane);
        for (var i = 0; i < 2; i++) await node.Scenario.AcceptAsync(Precedence.Flash, "SI");
        await node.Scenario.AcceptAsync(Precedence.Priority, "SI");
        for (var i = 0; i < 2; i++) await arrived.ReadAsync(Cancel);
        await node.PublishedAsync(lane, 2);
        await witness.DeleteAsync(missing.QueueName);

        var rows = (await View(node, "SI").ListAsync(Cancel)).Lanes.Where(row => row.Bureau == "SI").ToList();

        Assert.Equal(LaneKey.MostUrgentFirst, rows.Select(row => row.Precedence));
        Assert.Equal((0ul, 2ul, 2ul, QueueState.Ok), (rows[0].Waiting, rows[0].Published, rows[0].InHand, rows[0].Queue));
        Assert.Equal((QueueState.Ok, QueueState.Differs, QueueState.Missing), (rows[1].Queue, rows[2].Queue, rows[3].Queue));
        Assert.Equal((1ul, 0ul), (rows[2].Waiting, rows[2].Published));
        Assert.Contains("x-queue-type", rows[2].QueueDetail, StringComparison.Ordinal);
        Assert.All(rows, row => Assert.True(row.Attended));
        await Eventually.TrueAsync("the missing one is declared again", async () => await witness.ReadyAsync(missing.QueueName) == 0);
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task A_lane_that_differs_is_rebuilt_after_a_dry_run_that_touches_nothing()
    {
        var lane = new LaneKey("CH", Precedence.Flash);
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        await witness.DeclareClassicAsync(lane.QueueName);
        await using var node = await RabbitMqNode.StartAsync(broker.Address, null, "CH");
        node.Logs.Expect(line => line.Event.Id == 213);
        await node.UpAsync();
        for (var i = 0; i < 3; i++) await node.Scenario.AcceptAsync(Precedence.Flash, "CH");
        var view = View(node);

        var dry = await view.RebuildAsync(Order(lane, dryRun: true), Cancel);
        Assert.Equal(QueueState.Differs, dry.Queue);
        Assert.False(node.Lanes.Takes(lane));
        await view.RebuildAsync(Order(lane), Cancel);

        await node.PublishedAsync(lane, 3);
        Assert.Equal(3u, await witness.ReadyAsync(lane.QueueName));
        var rows = (await view.ListAsync(Cancel)).Lanes.Where(row => row.Bureau == "CH");
        Assert.All(rows, row => Assert.Equal(QueueState.Ok, row.Queue));
    }

    [Fact]
    public async Task Rebuilding_a_lane_in_use_loses_nothing_of_what_waits_is_in_hand_or_on_its_way()
    {
        var lane = new LaneKey("SK", Precedence.Routine);
        await using var node = await RabbitMqNode.StartAsync(broker.Address, null, "SK");
        await node.UpAsync();
        var (attachment, arrived) = await node.AttachAsync(lane);
        for (var i = 0; i < 200; i++) await node.Scenario.AcceptAsync(Precedence.Routine, "SK");
        await node.PublishedAsync(lane, 200);
        var view = View(node);

        // With a full prefetch in hand: nothing more comes before the order, and all of it comes again after it.
        for (var i = 0; i < 64; i++) await arrived.ReadAsync(Cancel);
        // And while more is being sent.
        var more = Task.Run(async () =>
        {
            for (var i = 0; i < 300; i++) await node.Scenario.AcceptAsync(Precedence.Routine, "SK");
        }, Cancel);
        var reply = await view.RebuildAsync(Order(lane), Cancel);
        await more;

        Assert.InRange(reply.References, 200ul, 500ul);
        Assert.Equal(64ul, reply.InHand);
        var missing = Enumerable.Range(1, 500).Select(sequence => (ulong)sequence).ToHashSet();
        while (missing.Count > 0)
        {
            var held = await arrived.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            held.Done();
            missing.Remove(held.Reference.Sequence);
        }
        Assert.Equal((1, 0), (node.Logged(223), node.Logged(220)));
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task A_queue_without_an_answer_that_was_sent_to_is_not_rebuilt_and_the_refusal_says_what_to_do()
    {
        var lane = new LaneKey("RO", Precedence.Priority);
        await using var node = await RabbitMqNode.StartAsync(broker.Address, null, "RO");
        await node.UpAsync();
        await node.Scenario.AcceptAsync(Precedence.Priority, "RO");
        await node.PublishedAsync(lane, 1);
        await broker.ControlAsync("eval", $"ra:stop_server(quorum_queues, {{'%2F_{lane.QueueName}', node()}}).");

        var rebuild = await node.Lanes.RebuildAsync(lane, Cancel);

        Assert.Contains("close_all_connections", Assert.IsType<LaneRebuild.NotNow>(rebuild).Text, StringComparison.Ordinal);
        Assert.Equal(0, node.Logged(223));
        await broker.ControlAsync("close_all_connections", "the test's");
        await Eventually.TrueAsync("it is made anew at the next connection", () => node.Logged(220) == 1);
        await node.PublishedAsync(lane, 1);
    }

    private static RebuildLaneRequest Order(LaneKey lane, bool dryRun = false) =>
        new() { Bureau = lane.Bureau, Precedence = lane.Precedence, DryRun = dryRun };

    private static LaneView View(RabbitMqNode node, params string[] attending) => new(node.Scenario.Plan, node.Lanes, new Surroundings(
        DateTimeOffset.UnixEpoch, () => node.Lanes.Name, () => node.Lanes.State, () => attending, () => Task.CompletedTask));
}
