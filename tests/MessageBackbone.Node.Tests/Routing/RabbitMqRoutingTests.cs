using System.Text.Json;
using MessageBackbone.Fixtures;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>What routing promises of its queues, with the broker alive. Each test has bureaus of its own.</summary>
[Collection(SharedBroker.Name)]
public sealed class RabbitMqRoutingTests(RabbitMqFixture broker)
{
    private static readonly string[] LaneLevels = ["flash", "immediate", "priority", "routine"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lanes_are_quorum_queues_without_a_limit_declared_at_registration_attended_or_not()
    {
        await using var node = await StartAsync(bureaus: "AT");
        await node.UpAsync();
        Assert.Equal(Lanes("AT"), await QueuesAsync("AT"));

        await node.Scenario.RegisterAsync("BE");

        await Eventually.TrueAsync("the lanes of BE are declared", async () => (await QueuesAsync("BE")).Count == 4);
        Assert.Equal(Lanes("BE"), await QueuesAsync("BE"));
    }

    [Fact]
    public async Task A_bureau_registered_later_is_declared_before_anything_is_sent_to_it()
    {
        var lane = new LaneKey("BG", Precedence.Flash);
        await using var node = await StartAsync();
        await node.UpAsync();
        Assert.False(node.Lanes.Takes(lane));

        await node.Scenario.RegisterAsync("BG");
        for (var i = 0; i < 5; i++) await node.Scenario.AcceptAsync(Precedence.Flash, "BG");
        await node.PublishedAsync(lane, 5);

        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        Assert.Equal(5u, await witness.ReadyAsync(lane.QueueName));
        Assert.Equal(0, node.Logged(202));
    }

    [Fact]
    public async Task A_message_for_a_bureau_that_is_never_registered_waits_and_holds_up_nobody()
    {
        await using var node = await StartAsync(bureaus: "CY");
        await node.UpAsync();

        await node.Scenario.AcceptAsync(Precedence.Flash, "XX");
        await node.Scenario.AcceptAsync(Precedence.Routine, "CY");
        await node.PublishedAsync(new("CY", Precedence.Routine), 1);

        Assert.Single(node.Scenario.Plan.Ask.Unpublished(new("XX", Precedence.Flash), 10, DateTimeOffset.MaxValue));
        Assert.Equal(0, node.Logged(202));
    }

    [Fact]
    public async Task A_send_to_a_queue_that_was_deleted_is_returned_and_goes_out_again_when_the_queue_is_declared_again()
    {
        var lane = new LaneKey("CZ", Precedence.Priority);
        await using var node = await StartAsync(bureaus: "CZ");
        await node.UpAsync();
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        await witness.DeleteAsync(lane.QueueName);

        await node.Scenario.AcceptAsync(Precedence.Priority, "CZ");
        await node.PublishedAsync(lane, 1);

        Assert.Equal(1u, await witness.ReadyAsync(lane.QueueName));
        Assert.True(node.Logged(202) >= 1, "The first send was confirmed although no queue took it.");
        Assert.Equal(Lanes("CZ"), await QueuesAsync("CZ"));
    }

    [Fact]
    public async Task What_a_purged_queue_lost_is_published_again_and_what_is_in_hand_is_not()
    {
        var (purged, held) = (new LaneKey("DK", Precedence.Routine), new LaneKey("DK", Precedence.Immediate));
        await using var node = await StartAsync(Impatient, "DK");
        await node.UpAsync();
        var (attachment, arrived) = await node.AttachAsync(held);
        for (var i = 0; i < 3; i++) await node.Scenario.AcceptAsync(Precedence.Immediate, "DK");
        for (var i = 0; i < 3; i++) await arrived.ReadAsync(Cancel);
        for (var i = 0; i < 4; i++) await node.Scenario.AcceptAsync(Precedence.Routine, "DK");
        await node.PublishedAsync(purged, 4);
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);

        // Twice: by the second time the lane in hand has been looked at as often as the purged one.
        for (var round = 0; round < 2; round++)
        {
            await witness.PurgeAsync(purged.QueueName);
            await Eventually.TrueAsync("what was purged is there again", async () => await witness.ReadyAsync(purged.QueueName) == 4);
        }

        Assert.True(node.Logged(215) >= 2);
        Assert.False(arrived.TryRead(out _), "What the gateway holds was sent a second time.");
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task A_lane_whose_queue_has_other_arguments_is_reported_and_not_sent_to_until_the_queue_is_deleted()
    {
        var lane = new LaneKey("EE", Precedence.Flash);
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        await witness.DeclareClassicAsync(lane.QueueName);
        await using var node = await StartAsync(Impatient, "EE");
        node.Logs.Expect(line => line.Event.Id == 213);
        await node.UpAsync();
        var (attachment, arrived) = node.Attach(lane);

        await node.Scenario.AcceptAsync(Precedence.Flash, "EE");
        await node.Scenario.AcceptAsync(Precedence.Routine, "EE");
        await node.PublishedAsync(new("EE", Precedence.Routine), 1);

        Assert.False(node.Lanes.Takes(lane));
        Assert.Equal(0u, await witness.ReadyAsync(lane.QueueName));
        Assert.Equal(1, node.Logged(213));
        Assert.False(attachment.Attached.IsCompleted);

        await witness.DeleteAsync(lane.QueueName);
        (await arrived.ReadAsync(Cancel)).Done();
        await attachment.DisposeAsync();
        Assert.Equal(Lanes("EE"), await QueuesAsync("EE"));
    }

    [Fact]
    public async Task A_lane_whose_queue_died_holds_up_nobody_and_is_made_anew_at_the_next_connection()
    {
        var (dead, other) = (new LaneKey("RS", Precedence.Priority), new LaneKey("RS", Precedence.Routine));
        await using var node = await StartAsync(Hurried, "RS");
        await node.UpAsync();
        for (var i = 0; i < 3; i++) await node.Scenario.AcceptAsync(Precedence.Priority, "RS");
        await node.PublishedAsync(dead, 3);
        await broker.ControlAsync("eval", $"ra:stop_server(quorum_queues, {{'%2F_{dead.QueueName}', node()}}).");

        await node.Scenario.AcceptAsync(Precedence.Priority, "RS");
        await node.Scenario.AcceptAsync(Precedence.Routine, "RS");
        await node.PublishedAsync(other, 1);
        await Eventually.TrueAsync("the silence was noticed", () => node.Logged(219) == 1);
        Assert.False(node.Lanes.Takes(dead));
        await broker.ControlAsync("close_all_connections", "the test's");

        await node.PublishedAsync(dead, 4);
        Assert.Equal(1, node.Logged(220));
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        Assert.Equal(4u, await witness.ReadyAsync(dead.QueueName));
        Assert.Equal(Lanes("RS"), await QueuesAsync("RS"));
    }

    [Fact]
    public async Task The_broker_gets_references_and_nothing_of_a_message()
    {
        var lane = new LaneKey("FI", Precedence.Routine);
        await using var node = await StartAsync(bureaus: "FI");
        var id = await node.Scenario.AcceptAsync(Precedence.Routine, "FI");
        await node.PublishedAsync(lane, 1);
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);

        var found = Assert.Single(await witness.LookAsync(lane.QueueName));

        using var envelope = JsonDocument.Parse(found.Body);
        var message = envelope.RootElement.GetProperty("message");
        Assert.Equal(["messageId", "position", "precedence", "recipient", "sequence", "traceParent"],
            message.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
        Assert.Equal(id, message.GetProperty("messageId").GetGuid());
        Assert.True(found.BasicProperties.Persistent);
        Assert.InRange(found.Body.Length, 1, 2_048);
    }

    private Task<RabbitMqNode> StartAsync(Action<RoutingOptions>? configure = null, params string[] bureaus) =>
        RabbitMqNode.StartAsync(broker.Address, configure, bureaus);

    private static void Impatient(RoutingOptions options) =>
        (options.QueueCheckEvery, options.QueueEmptyAfter) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400));

    private static void Hurried(RoutingOptions options) =>
        (options.SendTimeout, options.QueueAnswerWithin) = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2));

    private static IEnumerable<string> Lanes(string bureau) =>
        LaneLevels.Select(level => $"backbone.lane.{bureau}.{level}\tquorum\ttrue\t[{{\"x-queue-type\",\"quorum\"}}]");

    /// <summary>Name, type, durability and arguments of a bureau's queues, as the broker tells them.</summary>
    private async Task<IReadOnlyList<string>> QueuesAsync(string bureau)
    {
        var listed = await broker.ControlAsync("list_queues", "--no-table-headers", "name", "type", "durable", "arguments");
        return [.. listed.Split('\n').Where(line => line.StartsWith($"backbone.lane.{bureau}.", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }
}
