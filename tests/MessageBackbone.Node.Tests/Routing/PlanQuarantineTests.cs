using MessageBackbone.Node.Routing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>What a quarantined delivery does to the rest of its conversation, and to nothing else.</summary>
public sealed class PlanQuarantineTests
{
    private static readonly Guid Conversation = Guid.CreateVersion7();
    private static readonly LaneKey DeRoutine = new("DE", Precedence.Routine);
    private static readonly LaneKey DeFlash = new("DE", Precedence.Flash);
    private static readonly LaneKey EsRoutine = new("ES", Precedence.Routine);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Later_messages_of_the_conversation_wait_in_every_precedence_and_all_others_go_on()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var earlier = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var bad = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE", "ES");
        await scenario.AcceptInAsync(Conversation, Precedence.Flash, "DE", "ES");
        await scenario.QuarantineAsync(bad, "DE");
        await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var other = await scenario.AcceptInAsync(Guid.CreateVersion7(), Precedence.Routine, "DE");
        var alone = await scenario.AcceptAsync(Precedence.Flash, "DE");

        await scenario.CatchUpAsync();

        Assert.Equal([earlier, other], Open(scenario, DeRoutine));
        Assert.Equal([alone], Open(scenario, DeFlash));
        Assert.Equal([bad], Open(scenario, EsRoutine));
        Assert.Equal([1ul, 4ul], Unpublished(scenario, DeRoutine));
        Assert.Null(await scenario.Plan.PresentAsync(DeRoutine, 3, DateTimeOffset.UnixEpoch, Cancel));
        Assert.Equal(8, scenario.Plan.Ask.OpenRows());
        Assert.Equal([2L, 4L, 1L, 1L], new[] { DeFlash, DeRoutine, new("ES", Precedence.Flash), EsRoutine }.Select(lane =>
            scenario.Plan.Ask.Lanes().Single(row => row.Lane == lane).Waiting));
        Assert.DoesNotContain(scenario.Plan.Ask.WaitingLanes(1_000), lane => lane.Waiting > 2);
    }

    [Fact]
    public async Task A_lane_in_which_everything_waits_has_nothing_to_publish_and_wakes_nobody()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var bad = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        await scenario.QuarantineAsync(bad, "DE");
        await scenario.CatchUpAsync();

        await scenario.Plan.UnmarkAsync(DeRoutine, [1, 2], DateTimeOffset.MaxValue.AddDays(-1), Cancel);

        Assert.Empty(scenario.Plan.Ask.WaitingLanes(1_000));
        Assert.Null(scenario.Plan.Ask.NextDue());
    }

    [Fact]
    public async Task After_a_release_the_conversation_goes_on_one_at_a_time_in_log_order()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var bad = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var second = await scenario.AcceptInAsync(Conversation, Precedence.Flash, "DE");
        var third = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        await scenario.QuarantineAsync(bad, "DE");
        await scenario.ReleaseAsync(bad, "DE");
        await scenario.CatchUpAsync();
        Assert.Equal([bad], Open(scenario, DeRoutine));
        Assert.Empty(Open(scenario, DeFlash));
        Assert.NotNull(await scenario.Plan.PresentAsync(DeRoutine, 1, DateTimeOffset.UnixEpoch, Cancel));

        var fourth = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        await scenario.DeliverAsync(bad, "DE");
        await scenario.CatchUpAsync();
        Assert.Empty(Open(scenario, DeRoutine));
        Assert.Equal([second], Open(scenario, DeFlash));

        await scenario.DeliverAsync(second, "DE");
        await scenario.CatchUpAsync();
        Assert.Equal([third], Open(scenario, DeRoutine));

        await scenario.DeliverAsync(third, "DE");
        await scenario.CatchUpAsync();
        Assert.Equal([fourth], Open(scenario, DeRoutine));

        await scenario.DeliverAsync(fourth, "DE");
        var fifth = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var sixth = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        await scenario.CatchUpAsync();
        Assert.Equal([fifth, sixth], Open(scenario, DeRoutine));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_quarantine_that_ends_without_a_release_lets_the_next_go_on(bool refused)
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var bad = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var next = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        await scenario.QuarantineAsync(bad, "DE");
        await (refused ? scenario.RefuseByOperatorAsync(bad, "DE") : scenario.DeliverAsync(bad, "DE"));
        await scenario.CatchUpAsync();

        Assert.Equal([next], Open(scenario, DeRoutine));
        Assert.Equal(refused ? 1 : 0, scenario.Plan.Ask.OwedReports(10).Count);
        Assert.Empty(scenario.Plan.Quarantine.List("", QuarantinePlace.Start, 10));
    }

    [Fact]
    public async Task What_is_quarantined_again_holds_up_the_same_ones_and_a_second_quarantine_those_behind_it()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var bad = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var good = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var worse = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var last = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        await scenario.QuarantineAsync(bad, "DE");
        await scenario.QuarantineAsync(worse, "DE"); // it was in hand
        await scenario.ReleaseAsync(bad, "DE");
        await scenario.QuarantineAsync(bad, "DE");
        await scenario.CatchUpAsync();
        Assert.Empty(Open(scenario, DeRoutine));
        Assert.Equal([(bad, 2), (worse, 1)], scenario.Plan.Quarantine.List("DE", QuarantinePlace.Start, 10).Select(q => (q.Row.MessageId, (int)q.Behind)));

        // The later one alone does not pass the earlier one.
        await scenario.ReleaseAsync(worse, "DE");
        await scenario.CatchUpAsync();
        Assert.Empty(Open(scenario, DeRoutine));

        await scenario.ReleaseAsync(bad, "DE");
        foreach (var next in (Guid[])[bad, good, worse, last])
        {
            await scenario.CatchUpAsync();
            Assert.Equal([next], Open(scenario, DeRoutine));
            await scenario.DeliverAsync(next, "DE");
        }
    }

    [Fact]
    public async Task A_plan_made_anew_lets_go_on_and_holds_up_the_same()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 6; i++) ids.Add(await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE"));
        await scenario.QuarantineAsync(ids[0], "DE");
        await scenario.QuarantineAsync(ids[3], "DE");
        await scenario.ReleaseAsync(ids[0], "DE");
        await scenario.CatchUpAsync();
        var before = Open(scenario, DeRoutine);

        await scenario.ReopenPlanAsync(deleted: true);
        await scenario.CatchUpAsync();

        Assert.Equal([ids[0]], before);
        Assert.Equal(before, Open(scenario, DeRoutine));
        var listed = Assert.Single(scenario.Plan.Quarantine.List("", QuarantinePlace.Start, 10));
        Assert.Equal((ids[3], "CANNOT_PROCESS", RoutingScenario.Noon.ToDateTimeOffset(), 2L, (Guid?)Conversation),
            (listed.Row.MessageId, listed.Reason, listed.Since, listed.Behind, listed.Conversation));
    }

    [Fact]
    public async Task A_waiting_number_is_no_gap_and_is_told_when_it_ended_unpresented()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var bad = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        var behind = await scenario.AcceptInAsync(Conversation, Precedence.Routine, "DE");
        for (var i = 0; i < 2; i++) await scenario.AcceptAsync(Precedence.Routine, "DE");
        await scenario.QuarantineAsync(bad, "DE");
        await scenario.CatchUpAsync();

        Assert.Empty((await scenario.Plan.PresentAsync(DeRoutine, 3, DateTimeOffset.UnixEpoch, Cancel))!.Skipped);
        await scenario.DeliverAsync(behind, "DE"); // as an end without a presentation
        await scenario.CatchUpAsync();
        Assert.Equal([2ul], (await scenario.Plan.PresentAsync(DeRoutine, 4, DateTimeOffset.UnixEpoch, Cancel))!.Skipped);
    }

    [Fact]
    public async Task The_list_goes_page_by_page_over_all_bureaus_or_one()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            var id = await scenario.AcceptAsync(Precedence.Routine, "DE", "ES");
            await scenario.QuarantineAsync(id, "DE");
            await scenario.QuarantineAsync(id, "ES");
        }
        await scenario.CatchUpAsync();

        var found = new List<string>();
        for (var place = QuarantinePlace.Start; ;)
        {
            var page = scenario.Plan.Quarantine.List("", place, 3);
            if (page.Count == 0) break;
            found.AddRange(page.Select(row => $"{row.Row.Lane.Bureau}{row.Row.Sequence}"));
            place = Assert.NotNull(QuarantinePlace.Parse(new QuarantinePlace(page[^1].Row.Lane.Bureau, page[^1].Row.Position.Value).ToString()));
        }

        Assert.Equal(["DE1", "DE2", "DE3", "DE4", "DE5", "ES1", "ES2", "ES3", "ES4", "ES5"], found);
        Assert.Equal(["ES1", "ES2"], scenario.Plan.Quarantine.List("ES", QuarantinePlace.Start, 2).Select(row => $"{row.Row.Lane.Bureau}{row.Row.Sequence}"));
        Assert.Equal((10, 5), (scenario.Plan.Quarantine.Count(""), scenario.Plan.Quarantine.Count("ES")));
    }

    [Fact]
    public async Task Ten_thousand_waiting_rows_cost_the_others_nothing_and_go_on_one_by_one()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var steps = new List<PlanStep>();
        for (ulong i = 1; i <= 10_000; i++)
            steps.Add(new PlanStep.Arrived(Guid.CreateVersion7(), Precedence.Routine, ["DE"], new(i * 10), null, null, Conversation));
        steps.Insert(1, new PlanStep.KeptApart(((PlanStep.Arrived)steps[0]).MessageId, "DE", RoutingScenario.Noon.ToDateTimeOffset(), "CANNOT_PROCESS"));
        var other = new PlanStep.Arrived(Guid.CreateVersion7(), Precedence.Routine, ["DE"], new(200_000), null, null, Guid.CreateVersion7());
        await scenario.Plan.ApplyAsync([.. steps, other], scenario.Plan.Checkpoint!, Cancel);
        Assert.Equal(9_999, Assert.Single(scenario.Plan.Quarantine.List("DE", QuarantinePlace.Start, 10)).Behind);
        Assert.Equal(other.MessageId, Assert.Single(scenario.Plan.Ask.Unpublished(DeRoutine, 10, DateTimeOffset.MaxValue)).MessageId);
        var arrivals = steps.OfType<PlanStep.Arrived>().ToList();

        await scenario.Plan.ApplyAsync(
            [new PlanStep.Released(arrivals[0].MessageId, "DE"), .. arrivals.Take(500).Select(row => new PlanStep.Ended(row.MessageId, "DE"))],
            scenario.Plan.Checkpoint!, Cancel);

        Assert.Equal([arrivals[500].MessageId, other.MessageId], Open(scenario, DeRoutine));
        Assert.Equal(9_501, scenario.Plan.Ask.OpenRows());
    }

    private static List<Guid> Open(RoutingScenario scenario, LaneKey lane) => [.. scenario.OpenRows(lane).Select(row => row.MessageId)];

    private static List<ulong> Unpublished(RoutingScenario scenario, LaneKey lane) =>
        [.. scenario.Plan.Ask.Unpublished(lane, 100, DateTimeOffset.MaxValue).Select(row => row.Sequence)];
}
