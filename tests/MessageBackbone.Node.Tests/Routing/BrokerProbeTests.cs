using MessageBackbone.Fixtures;
using MessageBackbone.Node.Routing.Lanes;
using RabbitMQ.Client;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>Whether a lane's queue keeps what is returned to it, asked of the broker itself.</summary>
[Collection(SharedBroker.Name)]
public sealed class BrokerProbeTests(RabbitMqFixture broker)
{
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
