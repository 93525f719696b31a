using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>A broker whose memory or disk is low: it is there, and takes nothing.</summary>
public sealed class RabbitMqAlarmTests(DyingBroker broker) : IClassFixture<DyingBroker>
{
    private static readonly string[] LowMemory = ["set_vm_memory_high_watermark", "0"], EnoughMemory = ["set_vm_memory_high_watermark", "0.9"];
    private static readonly string[] LowDisk = ["set_disk_free_limit", "900000GB"], EnoughDisk = ["set_disk_free_limit", "50MB"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Under_an_alarm_everything_waits_without_a_doubt_and_afterwards_the_most_urgent_goes_first()
    {
        await using var node = await StartAsync("RO");
        await node.UpAsync();
        await broker.ControlAsync(LowMemory);
        await Eventually.TrueAsync("the alarm is told", () => node.Lanes.State == "blocked: low on memory");
        Assert.Equal(TransportCondition.Blocked, node.Lanes.Condition);
        Assert.Equal(1, TransportGauge.Highest("blocked"));

        foreach (var lane in LaneKey.Of("RO").Reverse())
            for (var i = 0; i < 10; i++)
                await node.Scenario.AcceptAsync(lane.Precedence, "RO");
        await Eventually.TrueAsync("all are planned", () => node.Scenario.Plan.Ask.OpenRows() == 40);
        // Longer than a send may take, a queue may be silent and a queue may be empty.
        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
        Assert.Empty(node.Scenario.Plan.Ask.PublishedLanes());
        await broker.ControlAsync(EnoughMemory);

        foreach (var lane in LaneKey.Of("RO")) await node.PublishedAsync(lane, 10);
        Assert.Equal("connected", node.Lanes.State);
        // No other test has a broker in an alarm.
        Assert.Equal(0, TransportGauge.Highest("blocked"));
        NothingWasJudged(node);
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        DateTimeOffset before = default;
        foreach (var lane in LaneKey.Of("RO"))
        {
            var sent = await witness.SentTimesAsync(lane.QueueName);
            Assert.Equal(10, sent.Count);
            Assert.True(before <= sent.Min(), $"{lane} did not wait for the more urgent ones.");
            before = sent.Max();
        }
    }

    [Fact]
    public async Task What_was_on_its_way_when_the_alarm_came_is_not_held_against_its_lane()
    {
        var lane = new LaneKey("SE", Precedence.Routine);
        await using var node = await StartAsync("SE");
        await node.UpAsync();

        var alarm = broker.ControlAsync(LowDisk);
        for (var i = 0; i < 3_000 || !alarm.IsCompleted; i++) await node.Scenario.AcceptAsync(Precedence.Routine, "SE");
        await alarm;
        await Eventually.TrueAsync("the alarm is told", () => node.Lanes.State == "blocked: low on disk");
        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
        await broker.ControlAsync(EnoughDisk);

        await Eventually.TrueAsync("everything is published", () => node.Scenario.Plan.Ask.PublishedLanes() is [{ Waiting: 0 }]);
        Assert.Equal(lane, node.Scenario.Plan.Ask.PublishedLanes()[0].Lane);
        NothingWasJudged(node);
    }

    [Fact]
    public async Task Under_an_alarm_gateways_come_and_go_and_get_what_the_queue_holds()
    {
        var lane = new LaneKey("SI", Precedence.Flash);
        await using var node = await StartAsync("SI");
        await node.UpAsync();
        for (var i = 0; i < 3; i++) await node.Scenario.AcceptAsync(Precedence.Flash, "SI");
        await node.PublishedAsync(lane, 3);
        await broker.ControlAsync(LowMemory);
        await Eventually.TrueAsync("the alarm is told", () => node.Lanes.Condition == TransportCondition.Blocked);

        var (first, arrived) = await node.AttachAsync(lane);
        (await arrived.ReadAsync(Cancel)).Done();
        await first.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        var (second, again) = await node.AttachAsync(lane);
        for (var i = 0; i < 2; i++) (await again.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancel)).Done();

        await second.DisposeAsync();
        await using (var witness = await BrokerWitness.OpenAsync(broker.Address))
            await Eventually.TrueAsync("the acknowledgements were heard", async () => await witness.ReadyAsync(lane.QueueName) == 0);
        await broker.ControlAsync(EnoughMemory);
    }

    [Fact]
    public async Task A_node_that_starts_under_an_alarm_says_so_and_goes_on_by_itself()
    {
        var lane = new LaneKey("SK", Precedence.Flash);
        await broker.ControlAsync(LowMemory);
        await using var node = await StartAsync("SK");
        await Eventually.TrueAsync("the alarm is told", () => node.Lanes.State == "blocked: low on memory");
        await node.Scenario.AcceptAsync(Precedence.Flash, "SK");
        Assert.False(node.Lanes.Takes(lane));

        await broker.ControlAsync(EnoughMemory);

        await node.PublishedAsync(lane, 1);
        NothingWasJudged(node);
    }

    // Not confirmed, given up, silent, made anew, empty: none of these is what an alarm means.
    private static void NothingWasJudged(RabbitMqNode node) => Assert.Equal([0, 0, 0, 0, 0], new[] { 202, 211, 219, 220, 215 }.Select(node.Logged));

    private Task<RabbitMqNode> StartAsync(params string[] bureaus) => RabbitMqNode.StartAsync(broker.Address, Hurried, bureaus);

    private static void Hurried(RoutingOptions options) =>
        (options.SendTimeout, options.QueueAnswerWithin, options.QueueCheckEvery, options.QueueEmptyAfter) =
        (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
}
