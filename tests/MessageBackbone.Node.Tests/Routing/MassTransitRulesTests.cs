using System.Diagnostics;
using System.Threading.Channels;
using MassTransit;
using MessageBackbone.Fixtures;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using Precedence = MessageBackbone.V1.Precedence;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>The rules for MassTransit that were found by running it, kept by running it again.</summary>
[Collection(SharedBroker.Name)]
public sealed class MassTransitRulesTests(RabbitMqFixture broker)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fault_in_a_handler_neither_acknowledges_nor_moves_the_reference_and_does_not_spin()
    {
        var lane = new LaneKey("GR", Precedence.Flash);
        await using var node = await StartAsync("GR");
        var taken = Channel.CreateUnbounded<HeldReference>();
        var calls = 0;
        var watch = Stopwatch.StartNew();
        var attachment = node.Lanes.Attach(lane, held =>
        {
            if (Interlocked.Increment(ref calls) < 3) throw new InvalidOperationException("a handler that fails");
            taken.Writer.TryWrite(held);
        });
        await node.Scenario.AcceptAsync(Precedence.Flash, "GR");

        var held = await taken.Reader.ReadAsync(Cancel);

        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(30));
        Assert.Equal(3, calls);
        held.Done();
        await attachment.DisposeAsync();
        await NothingLeftAsync(lane);
    }

    [Fact]
    public async Task What_is_no_reference_stays_in_the_queue_and_does_not_keep_references_out()
    {
        var lane = new LaneKey("HR", Precedence.Flash);
        await using var node = await StartAsync("HR");
        await node.UpAsync();
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        await witness.PutAsync(lane.QueueName, "no JSON at all"u8.ToArray());
        await witness.PutAsync(lane.QueueName, """{"messageType":["urn:message:Other:Thing"],"message":{}}"""u8.ToArray());
        var (attachment, arrived) = await node.AttachAsync(lane);
        await Eventually.TrueAsync("both came and went back", () => node.Logged(217) >= 2);

        await node.Scenario.AcceptAsync(Precedence.Flash, "HR");
        (await arrived.ReadAsync(Cancel)).Done();
        await attachment.DisposeAsync();

        // The reference is acknowledged a moment after Done; the two others never are.
        await Eventually.TrueAsync("two are left", async () => await witness.ReadyAsync(lane.QueueName) == 2);
        Assert.DoesNotContain("_error", await broker.ControlAsync("list_queues", "name"), StringComparison.Ordinal);
        Assert.DoesNotContain("_skipped", await broker.ControlAsync("list_queues", "name"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_given_back_is_logged_as_no_error_and_is_back_in_the_queue()
    {
        var lane = new LaneKey("HU", Precedence.Routine);
        await using var node = await StartAsync("HU");
        for (var i = 0; i < 30; i++) await node.Scenario.AcceptAsync(Precedence.Routine, "HU");
        var (attachment, arrived) = await node.AttachAsync(lane);
        for (var i = 0; i < 30; i++) await arrived.ReadAsync(Cancel);

        await attachment.DisposeAsync();

        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        await Eventually.TrueAsync("all are ready again", async () => await witness.ReadyAsync(lane.QueueName) == 30);
        Assert.Equal(0, node.Logged(217));
    }

    [Fact]
    public async Task Prefetch_is_64_for_routine_and_16_for_each_other_level()
    {
        await using var node = await StartAsync("IE");
        var attachments = new List<ILaneAttachment>();
        foreach (var lane in LaneKey.Of("IE")) attachments.Add((await node.AttachAsync(lane)).Attachment);

        Assert.Equal(["flash 16", "immediate 16", "priority 16", "routine 64"], await ConsumersAsync("IE"));

        foreach (var attachment in attachments) await attachment.DisposeAsync();
        Assert.Empty(await ConsumersAsync("IE"));
    }

    [Fact]
    public async Task Attaching_again_and_again_leaves_one_consumer_and_no_more_channels()
    {
        var lane = new LaneKey("IS", Precedence.Routine);
        await using var node = await StartAsync("IS");
        await (await node.AttachAsync(lane)).Attachment.DisposeAsync();
        var channels = await ChannelsAsync();

        for (var round = 0; round < 10; round++) await (await node.AttachAsync(lane)).Attachment.DisposeAsync();
        Assert.InRange(await ChannelsAsync(), 0, channels);
        var (attachment, _) = await node.AttachAsync(lane);

        Assert.Equal(["routine 64"], await ConsumersAsync("IS"));
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task A_second_attachment_of_a_lane_waits_until_the_first_has_given_back()
    {
        var lane = new LaneKey("IT", Precedence.Flash);
        await using var node = await StartAsync("IT");
        await node.Scenario.AcceptAsync(Precedence.Flash, "IT");
        var (first, firstArrived) = await node.AttachAsync(lane);
        await firstArrived.ReadAsync(Cancel);

        var (second, secondArrived) = node.Attach(lane);
        Assert.False(second.Attached.IsCompleted);
        await first.DisposeAsync();

        (await secondArrived.ReadAsync(Cancel)).Done();
        await second.DisposeAsync();
    }

    [Fact]
    public void A_reference_has_a_namespace_so_that_MassTransit_can_name_it() =>
        Assert.Equal("urn:message:MessageBackbone.Node.Routing.Lanes:LaneReference", MessageUrn.ForTypeString<LaneReference>());

    private Task<RabbitMqNode> StartAsync(string bureau) => RabbitMqNode.StartAsync(broker.Address, null, bureau);

    private async Task NothingLeftAsync(LaneKey lane)
    {
        var listed = await broker.ControlAsync("list_queues", "--no-table-headers", "name", "messages");
        var lines = listed.Split('\n').Where(line => line.Contains(lane.Bureau, StringComparison.Ordinal)).ToList();
        Assert.Equal(4, lines.Count);
        Assert.All(lines, line => Assert.EndsWith("\t0", line, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("_error", StringComparison.Ordinal) || line.Contains("_skipped", StringComparison.Ordinal));
    }

    /// <summary>Level and prefetch of a bureau's consumers, as the broker tells them.</summary>
    private async Task<IReadOnlyList<string>> ConsumersAsync(string bureau)
    {
        var listed = await broker.ControlAsync("list_consumers", "--no-table-headers", "queue_name", "prefetch_count");
        return [.. listed.Split('\n').Where(line => line.StartsWith($"backbone.lane.{bureau}.", StringComparison.Ordinal))
            .Select(line => line[$"backbone.lane.{bureau}.".Length..].Replace('\t', ' ')).Order(StringComparer.Ordinal)];
    }

    private async Task<int> ChannelsAsync() =>
        (await broker.ControlAsync("list_channels", "--no-table-headers", "pid")).Split('\n').Count(line => line.Length > 0);
}
