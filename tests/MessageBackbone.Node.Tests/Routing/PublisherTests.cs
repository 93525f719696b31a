using MessageBackbone.Fixtures;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Routing;

public sealed class PublisherTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_most_urgent_rows_are_sent_first_and_each_once()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        foreach (var precedence in (Precedence[])[Precedence.Routine, Precedence.Immediate, Precedence.Flash, Precedence.Priority, Precedence.Flash])
            await scenario.AcceptAsync(precedence, "DE", "ES");
        await scenario.CatchUpAsync();
        await using var transport = new ScriptedTransport();

        await PublishAllAsync(scenario, transport);

        var sent = transport.Sent.Select(row => row.Lane.Precedence).ToList();
        Assert.Equal(sent.OrderDescending(), sent);
        Assert.Equal(10, transport.Sent.Select(row => (row.Lane, row.Sequence)).Distinct().Count());
        Assert.Equal(10, transport.Sent.Count);
    }

    [Fact]
    public async Task A_lane_has_at_most_PublishAhead_at_the_broker_and_holds_up_no_other()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        for (var i = 0; i < 8; i++) await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.AcceptAsync(Precedence.Routine, "ES");
        await scenario.CatchUpAsync();
        await using var transport = new ScriptedTransport { PublishAhead = 5 };

        await PublishAllAsync(scenario, transport);

        Assert.Equal([1ul, 2, 3, 4, 5], transport.Sent.Where(row => row.Lane.Bureau == "DE").Select(row => row.Sequence));
        Assert.Single(transport.Sent, row => row.Lane.Bureau == "ES");
    }

    [Fact]
    public async Task A_queue_that_confirms_nothing_holds_up_nothing_that_is_more_urgent()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        await using var transport = new ScriptedTransport();
        var (asked, confirm, flash) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        transport.Confirming = row =>
        {
            (row.Lane.Precedence == Precedence.Routine ? asked : flash).TrySetResult();
            return row.Lane.Precedence == Precedence.Routine ? confirm.Task : Task.CompletedTask;
        };

        var publishing = Publisher(scenario, transport).PublishPageAsync(Cancel);
        await asked.Task.WaitAsync(Cancel);
        await scenario.AcceptAsync(Precedence.Flash, "ES");
        await scenario.CatchUpAsync();
        await flash.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        Assert.False(publishing.IsCompleted);
        confirm.SetResult();
        Assert.True(await publishing);
        Assert.Equal(2, transport.Sent.Count);
    }

    [Fact]
    public async Task What_a_lane_lost_between_the_send_and_the_mark_is_sent_again()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        await using var transport = new ScriptedTransport();
        var lane = new LaneKey("DE", Precedence.Routine);
        transport.OnSent = _ =>
        {
            if (transport.Sent.Count == 1) transport.LaneIncarnation = new object();
        };
        var publisher = Publisher(scenario, transport);

        Assert.True(await publisher.PublishPageAsync(Cancel));
        Assert.Single(scenario.Plan.Ask.Unpublished(lane, 10, DateTimeOffset.MaxValue));
        Assert.True(await publisher.PublishPageAsync(Cancel));

        Assert.Equal([1ul, 1ul], transport.Sent.Select(row => row.Sequence));
        Assert.Empty(scenario.Plan.Ask.Unpublished(lane, 10, DateTimeOffset.MaxValue));
    }

    [Fact]
    public async Task What_failed_is_sent_again_and_what_was_confirmed_is_not()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        for (var i = 0; i < 6; i++) await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        var failed = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var transport = new ScriptedTransport();
        transport.Failing = row => row.Sequence % 2 == 0 && failed++ < 3 ? "returned" : null;
        transport.OnSent = _ =>
        {
            if (transport.Sent.Count == 6) all.TrySetResult();
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var running = Publisher(scenario, transport).RunAsync(stop.Token);
        await all.Task.WaitAsync(Cancel);
        await stop.CancelAsync();
        await Task.WhenAny(running);

        Assert.Equal([1ul, 3, 5, 2, 4, 6], transport.Sent.Select(row => row.Sequence));
        Assert.Contains(new LaneKey("DE", Precedence.Routine), transport.Doubted);
    }

    [Fact]
    public async Task A_row_taken_back_is_not_sent_before_its_time()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        var lane = new LaneKey("DE", Precedence.Routine);
        var now = TimeProvider.System.GetUtcNow();
        await scenario.Plan.UnmarkAsync(lane, [1], now + TimeSpan.FromMinutes(1), Cancel);

        Assert.Empty(scenario.Plan.Ask.Unpublished(lane, 10, now));
        Assert.Single(scenario.Plan.Ask.Unpublished(lane, 10, now + TimeSpan.FromMinutes(2)));
        Assert.True(scenario.Plan.Ask.NextDue() > now);
    }

    [Fact]
    public async Task New_rows_wake_the_publisher()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var transport = new ScriptedTransport { OnSent = _ => sent.TrySetResult() };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = Publisher(scenario, transport).RunAsync(stop.Token);

        await scenario.AcceptAsync(Precedence.Flash, "DE");
        await scenario.CatchUpAsync();

        await sent.Task.WaitAsync(Cancel);
        await stop.CancelAsync();
        await Task.WhenAny(running);
    }

    [Fact]
    public async Task A_lane_whose_rest_ends_between_two_looks_at_the_clock_is_sent_to()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        var clock = new ShiftedClock();
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        await using var transport = new ScriptedTransport { Failing = _ => asked++ == 0 ? "returned" : null, OnSent = _ => sent.TrySetResult() };
        // The page after the failed one finds the lane at rest; by the time the publisher reckons how long to sleep, the rest is over.
        transport.OnAsked = () =>
        {
            if (asked == 1) clock.Advance(TimeSpan.FromSeconds(1));
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        // What the planner left would wake it once more.
        await scenario.Plan.Waiting.WaitAsync(Cancel);
        var running = Publisher(scenario, transport, clock).RunAsync(stop.Token);

        await sent.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        await stop.CancelAsync();
        await Task.WhenAny(running);
    }

    [Fact]
    public async Task What_a_full_lane_has_no_room_for_is_sent_when_what_it_holds_has_ended()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 6; i++) ids.Add(await scenario.AcceptAsync(Precedence.Routine, "DE"));
        await scenario.CatchUpAsync();
        var sent = System.Threading.Channels.Channel.CreateUnbounded<ulong>();
        await using var transport = new ScriptedTransport { PublishAhead = 2, OnSent = row => sent.Writer.TryWrite(row.Sequence) };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = Publisher(scenario, transport).RunAsync(stop.Token);

        for (var i = 0; i < 6; i++)
        {
            Assert.Equal((ulong)i + 1, await sent.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel));
            await scenario.DeliverAsync(ids[i], "DE");
            await scenario.CatchUpAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAny(running);
    }

    private static Publisher Publisher(RoutingScenario scenario, ScriptedTransport transport, TimeProvider? clock = null) =>
        new(scenario.Plan, transport, scenario.Options, clock ?? TimeProvider.System, NullLogger<Publisher>.Instance);

    private static async Task PublishAllAsync(RoutingScenario scenario, ScriptedTransport transport)
    {
        var publisher = Publisher(scenario, transport);
        while (await publisher.PublishPageAsync(Cancel)) Assert.True(transport.Sent.Count < 1_000);
    }
}
