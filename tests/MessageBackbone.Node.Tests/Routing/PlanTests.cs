using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Routing;

public sealed class PlanTests
{
    private static readonly LaneKey DeRoutine = new("DE", Precedence.Routine);
    private static readonly LaneKey DeFlash = new("DE", Precedence.Flash);
    private static readonly LaneKey EsRoutine = new("ES", Precedence.Routine);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_recipient_and_precedence_is_numbered_from_1_in_log_order()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var first = await scenario.AcceptAsync(Precedence.Routine, "DE", "ES");
        var flash = await scenario.AcceptAsync(Precedence.Flash, "DE");
        var second = await scenario.AcceptAsync(Precedence.Routine, "DE");

        await scenario.CatchUpAsync();

        Assert.Equal([(1, first), (2, second)], Numbered(scenario, DeRoutine));
        Assert.Equal([(1, flash)], Numbered(scenario, DeFlash));
        Assert.Equal([(1, first)], Numbered(scenario, EsRoutine));
    }

    [Fact]
    public async Task A_final_delivery_leaves_the_plan_and_its_number_is_not_given_again()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var first = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.DeliverAsync(first, "DE");
        var second = await scenario.AcceptAsync(Precedence.Routine, "DE");

        await scenario.CatchUpAsync();

        Assert.Equal([(2, second)], Numbered(scenario, DeRoutine));
        Assert.Equal(1, scenario.Plan.Ask.OpenRows());
    }

    [Fact]
    public async Task A_commit_that_is_there_although_it_was_told_as_failed_is_not_applied_again()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var first = await scenario.AcceptAsync(Precedence.Routine, "DE");
        // Committed by another hand: the scenario's plan knows of it as little as after an answer that was lost.
        await using (var other = Plan.Open(scenario.PlanFile)) await CatchUpAsync(scenario, other);
        var second = await scenario.AcceptAsync(Precedence.Routine, "DE");

        await CatchUpAsync(scenario, scenario.Plan);

        Assert.Equal([(1, first), (2, second)], Numbered(scenario, DeRoutine));
    }

    [Fact]
    public async Task A_deleted_plan_is_made_again_with_the_same_numbers_and_everything_open_in_doubt()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            var id = await scenario.AcceptAsync(i % 2 == 0 ? Precedence.Routine : Precedence.Flash, "DE", "ES");
            if (i % 3 == 0) await scenario.DeliverAsync(id, "DE");
        }
        await scenario.CatchUpAsync();
        var before = LaneKey.Of("DE").Concat(LaneKey.Of("ES")).SelectMany(lane => Numbered(scenario, lane)).ToList();

        await scenario.ReopenPlanAsync(deleted: true);
        await scenario.CatchUpAsync();

        Assert.Equal(before, LaneKey.Of("DE").Concat(LaneKey.Of("ES")).SelectMany(lane => Numbered(scenario, lane)));
        Assert.All(scenario.OpenRows(DeRoutine), row => Assert.True(row.Doubtful));
    }

    [Fact]
    public async Task A_restart_goes_on_after_the_checkpoint_and_doubts_nothing()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var first = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();

        await scenario.ReopenPlanAsync(deleted: false);
        var second = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();

        Assert.Equal([(1, first), (2, second)], Numbered(scenario, DeRoutine));
        Assert.All(scenario.OpenRows(DeRoutine), row => Assert.False(row.Doubtful));
    }

    [Fact]
    public async Task A_log_that_lacks_the_checkpoint_stops_the_planner_and_says_so()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        await scenario.ExchangeLogAsync();
        await scenario.AcceptAsync(Precedence.Routine, "DE");
        var planner = new Planner(scenario.Plan, scenario.Log, TimeProvider.System, NullLogger<Planner>.Instance);

        var fault = await Assert.ThrowsAsync<PlanOpenException>(() => planner.RunAsync(Cancel));

        Assert.Contains("The log is older than this plan", fault.Message, StringComparison.Ordinal);
        Assert.Contains("The log is older than this plan", planner.State, StringComparison.Ordinal);
        Assert.Single(scenario.OpenRows(DeRoutine));
    }

    [Fact]
    public async Task What_ended_unpresented_is_told_with_the_next_delivery_and_with_its_repeats_only()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var withheld = await scenario.AcceptAsync(Precedence.Routine, "DE");
        for (var i = 0; i < 2; i++) await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.DeliverAsync(withheld, "DE");
        await scenario.CatchUpAsync();

        var second = await scenario.Plan.PresentAsync(DeRoutine, 2, DateTimeOffset.UnixEpoch, Cancel);
        var third = await scenario.Plan.PresentAsync(DeRoutine, 3, DateTimeOffset.UnixEpoch, Cancel);
        var again = await scenario.Plan.PresentAsync(DeRoutine, 2, DateTimeOffset.UnixEpoch, Cancel);

        Assert.Equal([1ul], second!.Skipped);
        Assert.Empty(third!.Skipped);
        Assert.Equal([1ul], again!.Skipped);
        Assert.False(second.PossibleDuplicate);
        Assert.True(again.PossibleDuplicate);
        Assert.Equal(2u, again.Attempt);
    }

    [Fact]
    public async Task What_was_presented_before_it_ended_is_not_told_as_skipped()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var first = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.AttemptAsync(first, "DE", 1);
        await scenario.DeliverAsync(first, "DE");
        await scenario.CatchUpAsync();

        Assert.Empty((await scenario.Plan.PresentAsync(DeRoutine, 2, DateTimeOffset.UnixEpoch, Cancel))!.Skipped);
    }

    [Fact]
    public async Task A_final_delivery_cannot_be_presented()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var id = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.DeliverAsync(id, "DE");
        await scenario.CatchUpAsync();

        Assert.Null(await scenario.Plan.PresentAsync(DeRoutine, 1, DateTimeOffset.UnixEpoch, Cancel));
    }

    [Fact]
    public async Task A_quarantined_delivery_stays_open_and_is_not_due()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var id = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.QuarantineAsync(id, "DE");
        await scenario.CatchUpAsync();

        Assert.Equal(1, scenario.Plan.Ask.OpenRows());
        Assert.Null(scenario.Plan.Ask.NextOpen(DeRoutine, 0, TimeProvider.System.GetUtcNow()));
        Assert.Empty(scenario.Plan.Ask.Unpublished(DeRoutine, 10, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task What_was_under_way_when_a_delivery_was_quarantined_does_not_bring_it_back()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var id = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        var row = Assert.Single(scenario.OpenRows(DeRoutine));
        await scenario.QuarantineAsync(id, "DE");
        await scenario.CatchUpAsync();

        await scenario.Plan.MarkPublishedAsync([row], Cancel);
        await scenario.Plan.UnmarkAsync(DeRoutine, [row.Sequence], TimeProvider.System.GetUtcNow(), Cancel);

        Assert.Null(await scenario.Plan.PresentAsync(DeRoutine, row.Sequence, DateTimeOffset.UnixEpoch, Cancel));
        Assert.Empty(scenario.Plan.Ask.Unpublished(DeRoutine, 10, TimeProvider.System.GetUtcNow()));
    }

    [Fact]
    public async Task A_deadline_is_kept_to_the_millisecond_after_it_and_what_is_past_is_not_presented()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var by = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero).AddTicks(1);
        var id = await scenario.AcceptAsync(by, Precedence.Routine, "DE");
        await scenario.CatchUpAsync();

        var kept = by.AddTicks(TimeSpan.TicksPerMillisecond - 1);
        Assert.Equal(kept, scenario.Plan.Ask.NextDeadline());
        Assert.Empty(scenario.Plan.Ask.Overdue(by, 10));
        Assert.Equal(id, Assert.Single(scenario.Plan.Ask.Overdue(kept, 10)).MessageId);
        Assert.Null(await scenario.Plan.PresentAsync(DeRoutine, 1, kept, Cancel));
        Assert.NotNull(await scenario.Plan.PresentAsync(DeRoutine, 1, by, Cancel));
    }

    [Fact]
    public async Task A_plan_of_an_older_version_is_made_again_from_the_log()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var id = await scenario.AcceptAsync(DateTimeOffset.MaxValue.AddDays(-1), Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        using (var session = PlanSession.Open(scenario.PlanFile, readOnly: false))
            session.Run("drop index row_deliver_by; alter table row drop column deliver_by; drop table report; pragma user_version = 1;");

        await scenario.ReopenPlanAsync(deleted: false);
        Assert.Null(scenario.Plan.Checkpoint);
        await scenario.CatchUpAsync();

        Assert.Equal([(1, id)], Numbered(scenario, DeRoutine));
        Assert.NotNull(scenario.Plan.Ask.NextDeadline());
    }

    [Fact]
    public async Task Attempts_recorded_in_the_log_count_after_a_rebuild()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var id = await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.AttemptAsync(id, "DE", 3);
        await scenario.CatchUpAsync();

        Assert.Equal(4u, (await scenario.Plan.PresentAsync(DeRoutine, 1, DateTimeOffset.UnixEpoch, Cancel))!.Attempt);
    }

    [Fact]
    public async Task A_change_that_fails_takes_none_of_those_committed_with_it_down()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        var same = new PlanStep.Arrived(scenario.OpenRows(DeRoutine)[0].MessageId, Precedence.Routine, ["DE"], new(9), null);

        var failing = scenario.Plan.ApplyAsync([same], scenario.Plan.Checkpoint!, Cancel);
        var good = Enumerable.Range(0, 50).Select(_ => scenario.Plan.PresentAsync(DeRoutine, 1, DateTimeOffset.UnixEpoch, Cancel)).ToList();

        await Assert.ThrowsAnyAsync<Exception>(() => failing);
        Assert.Equal(50u, (await Task.WhenAll(good)).Max(presentation => presentation!.Attempt));
        Assert.Equal(2ul, scenario.Plan.Ask.NextSequence(DeRoutine));
    }

    private static async Task CatchUpAsync(RoutingScenario scenario, Plan plan)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var planner = new Planner(plan, scenario.Log, TimeProvider.System, NullLogger<Planner>.Instance);
        var running = planner.RunAsync(stop.Token);
        await planner.CaughtUp.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await stop.CancelAsync();
        await Task.WhenAny(running);
    }

    private static List<(int, Guid)> Numbered(RoutingScenario scenario, LaneKey lane) =>
        [.. scenario.OpenRows(lane).Select(row => ((int)row.Sequence, row.MessageId))];
}
