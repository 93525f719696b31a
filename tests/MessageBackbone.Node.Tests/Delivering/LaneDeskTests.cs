using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Delivering;

/// <summary>A lane's desk with a transport that loses, repeats and reorders: the order and the window do not depend on it.</summary>
public sealed class LaneDeskTests
{
    private static readonly LaneKey Lane = new("DE", Precedence.Routine);

    private readonly ShiftedClock _clock = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_order_references_come_in_they_are_taken_in_the_plans()
    {
        await using var scenario = await PlannedAsync(6);
        var desk = NewDesk(scenario, window: 10);
        foreach (var sequence in (ulong[])[3, 2, 6, 1, 5, 4]) desk.Arrive(Reference(scenario, sequence));

        Assert.Equal([1ul, 2, 3, 4, 5, 6], await TakeAllAsync(desk));
    }

    [Fact]
    public async Task A_lower_number_that_does_not_come_is_waited_for_published_again_and_then_taken_from_the_plan()
    {
        await using var scenario = await PlannedAsync(4);
        await scenario.Plan.MarkPublishedAsync(scenario.OpenRows(Lane), Cancel);
        var desk = NewDesk(scenario, window: 10);
        desk.Arrive(Reference(scenario, 3));

        Assert.Empty(await TakeAllAsync(desk));
        Assert.InRange(desk.Due()!.Value, _clock.GetUtcNow(), _clock.GetUtcNow().AddSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(await TakeAllAsync(desk));
        Assert.Equal([1ul, 2], scenario.Plan.Ask.Unpublished(Lane, 9, _clock.GetUtcNow()).Select(row => row.Sequence));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([1ul, 2, 3], await TakeAllAsync(desk));
        // It comes after all: once is enough.
        desk.Arrive(Reference(scenario, 1));
        Assert.Empty(await TakeAllAsync(desk));
    }

    [Fact]
    public async Task A_lower_number_that_is_final_is_not_waited_for()
    {
        await using var scenario = await PlannedAsync(3);
        await scenario.DeliverAsync(scenario.OpenRows(Lane)[1].MessageId, "DE");
        var third = Reference(scenario, 3);
        await scenario.CatchUpAsync();
        var desk = NewDesk(scenario, window: 10);
        desk.Arrive(Reference(scenario, 1));
        desk.Arrive(third);

        Assert.Equal([1ul, 3], await TakeAllAsync(desk));
    }

    [Fact]
    public async Task A_full_window_leaves_nothing_to_wake_up_for_until_a_receipt_comes()
    {
        await using var scenario = await PlannedAsync(4);
        var desk = NewDesk(scenario, window: 1);
        desk.Arrive(Reference(scenario, 4));
        for (var i = 0; i < 2; i++)
        {
            Assert.Empty(await TakeAllAsync(desk));
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        var taken = (await desk.TakeAsync(Cancel))!;
        _clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(1ul, taken.Sequence);
        Assert.Null(await desk.TakeAsync(Cancel));
        Assert.Null(desk.Due());
        desk.Settle(taken);
        Assert.Equal(2ul, (await desk.TakeAsync(Cancel))!.Sequence);
    }

    [Fact]
    public async Task Behind_receipts_that_take_ever_longer_the_window_is_not_used_up_until_they_stop()
    {
        await using var scenario = await PlannedAsync(20);
        var clock = new HandClock();
        var desk = new LaneDesk(Lane, scenario.Plan, new DeliveringOptions(), clock, NullLogger.Instance) { Window = 10 };
        for (ulong sequence = 1; sequence <= 20; sequence++) desk.Arrive(Reference(scenario, sequence));
        var taken = new Queue<InHand>();
        await PresentAsync(scenario, desk, clock, taken);
        for (var i = 0; i < 8; i++)
        {
            clock.Pass(TimeSpan.FromMilliseconds(5));
            desk.Settle(taken.Dequeue());
        }

        await PresentAsync(scenario, desk, clock, taken);
        Assert.Equal(LanePace.Least, taken.Count);
        Assert.Equal(clock.GetUtcNow() + LanePace.SilentAfter, desk.Due());
        clock.Pass(LanePace.SilentAfter);
        await PresentAsync(scenario, desk, clock, taken);
        Assert.Equal(10, taken.Count);
    }

    [Fact]
    public async Task What_was_taken_back_keeps_its_place_in_the_window_until_it_is_settled()
    {
        await using var scenario = await PlannedAsync(2);
        var desk = NewDesk(scenario, window: 1);
        var (first, second) = (Reference(scenario, 1), Reference(scenario, 2));
        desk.Arrive(first);
        desk.Arrive(second);
        var taken = (await desk.TakeAsync(Cancel))!;

        desk.Return(taken);

        Assert.True(first.Settled.IsCompleted);
        Assert.Null(await desk.TakeAsync(Cancel));
        var repeat = Reference(scenario, 1);
        desk.Arrive(repeat);
        var again = (await desk.TakeAsync(Cancel))!;
        Assert.Equal(1ul, again.Sequence);
        // A late receipt for the first presentation does not settle the one that is in hand now, nor free its place.
        desk.Settle(taken);
        Assert.False(repeat.Settled.IsCompleted);
        Assert.Null(await desk.TakeAsync(Cancel));
        desk.Settle(again);
        Assert.True(repeat.Settled.IsCompleted);
        Assert.Equal(2ul, (await desk.TakeAsync(Cancel))!.Sequence);
    }

    [Fact]
    public async Task A_second_reference_to_what_is_in_hand_takes_the_place_of_the_first()
    {
        await using var scenario = await PlannedAsync(1);
        var desk = NewDesk(scenario, window: 1);
        var (lost, fresh) = (Reference(scenario, 1), Reference(scenario, 1));
        desk.Arrive(lost);
        var taken = (await desk.TakeAsync(Cancel))!;

        desk.Arrive(fresh);
        desk.Settle(taken);

        Assert.True(lost.Settled.IsCompleted);
        Assert.True(fresh.Settled.IsCompleted);
        Assert.Null(await desk.TakeAsync(Cancel));
    }

    private static async Task<RoutingScenario> PlannedAsync(int count)
    {
        var scenario = await RoutingScenario.StartAsync();
        for (var i = 0; i < count; i++) await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        return scenario;
    }

    private static HeldReference Reference(RoutingScenario scenario, ulong sequence) =>
        new(LaneReference.Of(scenario.OpenRows(Lane).Single(row => row.Sequence == sequence), null), null);

    private static async Task PresentAsync(RoutingScenario scenario, LaneDesk desk, TimeProvider clock, Queue<InHand> taken)
    {
        while (await desk.TakeAsync(Cancel) is { } delivery)
        {
            delivery.Ready = new ReadyDelivery(new Presentation(scenario.OpenRows(Lane)[0], []), new Delivery(), new Accepted { Content = new MessageHeader { BodySize = 100 } }, "");
            delivery.PresentedAt = clock.GetUtcNow();
            taken.Enqueue(delivery);
        }
    }

    private static async Task<List<ulong>> TakeAllAsync(LaneDesk desk)
    {
        var taken = new List<ulong>();
        while (await desk.TakeAsync(Cancel) is { } delivery) taken.Add(delivery.Sequence);
        return taken;
    }

    private LaneDesk NewDesk(RoutingScenario scenario, uint window) =>
        new(Lane, scenario.Plan, new DeliveringOptions(), _clock, NullLogger.Instance) { Window = window };
}
