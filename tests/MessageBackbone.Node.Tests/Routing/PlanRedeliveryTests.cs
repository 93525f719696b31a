using MessageBackbone.Node.Routing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>What an operator's order to present again does to the plan, and that a plan made anew comes to the same.</summary>
public sealed class PlanRedeliveryTests
{
    private static readonly LaneKey DeRoutine = new("DE", Precedence.Routine);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_open_again_under_its_number_counts_on_and_may_be_a_duplicate_until_it_has_ended(bool madeAnew)
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var lost = await DeliveredAsync(scenario);
        var waiting = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.RedeliverAsync(lost, "DE", sequence: 1, attempts: 3);
        if (madeAnew) await scenario.ReopenPlanAsync(deleted: true);
        await scenario.CatchUpAsync();

        Assert.Equal([(1ul, lost), (2ul, waiting)], scenario.OpenRows(DeRoutine).Select(row => (row.Sequence, row.MessageId)));
        Assert.Equal([1ul, 2ul], scenario.Plan.Ask.Unpublished(DeRoutine, 9, DateTimeOffset.MaxValue).Select(row => row.Sequence));
        var presentation = await scenario.Plan.PresentAsync(DeRoutine, 1, DateTimeOffset.UnixEpoch, Cancel);
        Assert.Equal((4u, true), (presentation!.Attempt, presentation.PossibleDuplicate));

        await scenario.EndRedeliveryAsync(lost, "DE");
        await scenario.CatchUpAsync();
        Assert.Equal([2ul], scenario.OpenRows(DeRoutine).Select(row => row.Sequence));
        // It was presented: no later delivery tells its number as skipped.
        Assert.Empty((await scenario.Plan.PresentAsync(DeRoutine, 2, DateTimeOffset.UnixEpoch, Cancel))!.Skipped);
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(2ul)]
    public async Task Without_a_number_of_its_own_it_gets_the_next_one(ulong sequence)
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var lost = await DeliveredAsync(scenario);
        await scenario.AcceptAsync(Precedence.Routine, "DE"); // has number 2
        await scenario.RedeliverAsync(lost, "DE", sequence, attempts: 0);
        await scenario.CatchUpAsync();

        Assert.Equal((3ul, lost), scenario.OpenRows(DeRoutine).Select(row => (row.Sequence, row.MessageId)).Last());
        var presentation = await scenario.Plan.PresentAsync(DeRoutine, 3, DateTimeOffset.UnixEpoch, Cancel);
        Assert.Equal((1u, true), (presentation!.Attempt, presentation.PossibleDuplicate));
        Assert.Equal(4ul, scenario.Plan.Ask.NextSequence(DeRoutine));
    }

    [Fact]
    public async Task It_is_late_by_the_orders_own_time_and_not_by_the_messages()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var (passed, orders) = (DateTimeOffset.UnixEpoch.AddDays(1), DateTimeOffset.UnixEpoch.AddDays(9));
        var lost = await scenario.AcceptAsync(passed, Precedence.Routine, "DE");
        await scenario.DeliverAsync(lost, "DE");
        await scenario.RedeliverAsync(lost, "DE", sequence: 1, attempts: 1, orders);
        await scenario.CatchUpAsync();

        Assert.Empty(scenario.Plan.Ask.Overdue(orders.AddSeconds(-1), 9));
        Assert.NotNull(await scenario.Plan.PresentAsync(DeRoutine, 1, passed.AddDays(1), Cancel));
        Assert.Equal(orders, scenario.Plan.Ask.NextDeadline());
        Assert.Equal([lost], scenario.Plan.Ask.Overdue(orders, 9).Select(row => row.MessageId));
    }

    [Fact]
    public async Task A_copy_for_an_alternate_leaves_it_open_and_what_was_not_ordered_again_is_gone()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var (lost, open) = (await DeliveredAsync(scenario), await scenario.AcceptAsync(Precedence.Routine, "DE"));
        await scenario.RedeliverAsync(lost, "DE", sequence: 1, attempts: 1);
        await scenario.RedirectAsync(lost, "DE", "ES");
        await scenario.RedirectAsync(open, "DE", "ES");
        await scenario.CatchUpAsync();

        Assert.Equal([lost], scenario.OpenRows(DeRoutine).Select(row => row.MessageId));
        Assert.Equal([lost, open], scenario.OpenRows(new LaneKey("ES", Precedence.Routine)).Select(row => row.MessageId));
    }

    [Fact]
    public async Task It_waits_behind_no_quarantine_of_its_conversation_and_holds_nothing_up()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var conversation = Guid.CreateVersion7();
        var lost = await scenario.AcceptInAsync(conversation, Precedence.Routine, "DE");
        await scenario.DeliverAsync(lost, "DE");
        var bad = await scenario.AcceptInAsync(conversation, Precedence.Routine, "DE");
        await scenario.QuarantineAsync(bad, "DE");
        await scenario.RedeliverAsync(lost, "DE", sequence: 1, attempts: 1);
        await scenario.ReleaseAsync(bad, "DE");
        await scenario.CatchUpAsync();

        Assert.Equal([lost, bad], scenario.OpenRows(DeRoutine).Select(row => row.MessageId));
    }

    [Fact]
    public async Task At_a_closed_bureau_it_is_to_be_ended()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        await scenario.RegisterAsync("DE");
        var lost = await DeliveredAsync(scenario);
        await scenario.RedeliverAsync(lost, "DE", sequence: 1, attempts: 1);
        await scenario.CloseAsync("DE");
        await scenario.CatchUpAsync();
        Assert.Equal([lost], scenario.Plan.Ask.ClosedRows(9).Select(closed => closed.Row.MessageId));

        await scenario.EndRedeliveryAsync(lost, "DE");
        await scenario.CatchUpAsync();

        Assert.Empty(scenario.Plan.Ask.ClosedRows(9));
    }

    private static async Task<Guid> DeliveredAsync(RoutingScenario scenario)
    {
        var id = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.AttemptAsync(id, "DE", 1);
        await scenario.DeliverAsync(id, "DE");
        return id;
    }
}
