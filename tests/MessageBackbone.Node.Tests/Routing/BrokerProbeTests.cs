using MessageBackbone.Fixtures;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;
using RabbitMQ.Client;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>Whether a lane's queue keeps what is returned to it, asked of the broker itself.</summary>
[Collection(SharedBroker.Name)]
public sealed class BrokerProbeTests(RabbitMqFixture broker)
{
    private const string Policy = "drops-what-is-returned";

    private const int ProbeLost = 214;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_survives_25_returns_to_a_lanes_queue()
    {
        await using var connection = await ConnectAsync();

        Assert.Equal(25, await BrokerProbe.RunAsync(connection, QuorumQueue.Arguments("3.10.8"), Cancel));

        Assert.DoesNotContain("backbone.probe.", await broker.ControlAsync("list_queues", "name"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(20)]
    public async Task A_queue_that_drops_is_found_out(int limit)
    {
        await using var connection = await ConnectAsync();
        var arguments = QuorumQueue.Arguments("3.10.8");
        arguments[QuorumQueue.DeliveryLimit] = limit;

        Assert.Equal(limit, await BrokerProbe.RunAsync(connection, arguments, Cancel));
    }

    [Fact]
    public async Task A_node_does_not_use_a_broker_that_drops_and_begins_by_itself_when_it_keeps_what_is_returned()
    {
        var lane = new LaneKey("IM", Precedence.Flash);
        await broker.ControlAsync("set_policy", "--apply-to", "queues", Policy, "^backbone", """{"delivery-limit":2}""");
        try
        {
            await using var node = await RabbitMqNode.StartAsync(broker.Address, null, lane.Bureau);
            node.Logs.Expect(line => line.Event.Id == ProbeLost);
            var (attachment, arrived) = node.Attach(lane);
            await node.Scenario.AcceptAsync(lane.Precedence, lane.Bureau);
            await Eventually.TrueAsync("the node has tried it out, and again", () => node.Logged(ProbeLost) >= 2);

            Assert.Equal(TransportCondition.Unsafe, node.Lanes.Condition);
            Assert.EndsWith("drops returned messages", node.Lanes.State, StringComparison.Ordinal);
            Assert.Equal(1, TransportGauge.Highest("unsafe"));
            Assert.False(node.Lanes.Takes(lane));
            Assert.False(attachment.Attached.IsCompleted);
            // Neither declared nor received from.
            await using (var witness = await BrokerWitness.OpenAsync(broker.Address)) Assert.Null(await witness.ReadyAsync(lane.QueueName));
            Assert.Equal([new WaitingLane(lane, 1, 0)], node.Scenario.Plan.Ask.Lanes());

            await broker.ControlAsync("clear_policy", Policy);

            (await arrived.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel)).Done();
            Assert.Equal("connected", node.Lanes.State);
            await attachment.Attached.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
            await attachment.DisposeAsync();
        }
        finally
        {
            // The broker is others' too.
            if ((await broker.ControlAsync("list_policies")).Contains(Policy, StringComparison.Ordinal)) await broker.ControlAsync("clear_policy", Policy);
        }
    }

    [Theory]
    [InlineData("3.10.8", null)]
    [InlineData("3.13.7", null)]
    [InlineData("4.0.0", -1)]
    [InlineData("4.1.2-rc.1", -1)]
    [InlineData("10.0", -1)]
    [InlineData("0", null)]
    public void The_limit_is_switched_off_by_name_from_4_0_on_and_left_out_before(string version, int? limit)
    {
        var arguments = QuorumQueue.Arguments(version);

        Assert.Equal("quorum", arguments["x-queue-type"]);
        Assert.Equal(limit, arguments.GetValueOrDefault(QuorumQueue.DeliveryLimit));
        Assert.Equal(limit is null ? 1 : 2, arguments.Count);
    }

    private Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = broker.Address, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(Cancel);
}
