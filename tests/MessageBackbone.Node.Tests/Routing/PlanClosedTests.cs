using MessageBackbone.Node.Routing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>What the plan does with a bureau that was closed.</summary>
public sealed class PlanClosedTests
{
    [Fact]
    public async Task What_is_open_there_is_to_be_ended_the_most_urgent_lane_first_and_is_sent_no_more()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        foreach (var bureau in (string[])["DE", "ES"]) await scenario.RegisterAsync(bureau);
        var routine = await scenario.AcceptAsync(Precedence.Routine, "DE", "ES");
        await scenario.CloseAsync("DE");
        // Judged before, accepted after.
        var (flash, second) = (await scenario.AcceptAsync(Precedence.Flash, "DE"), await scenario.AcceptAsync(Precedence.Flash, "DE"));
        var last = await scenario.AcceptAsync(Precedence.Flash, "DE");
        await scenario.QuarantineAsync(last, "DE");

        for (var round = 0; round < 2; round++)
        {
            await scenario.CatchUpAsync();
            Assert.Equal([flash, second], scenario.Plan.Ask.ClosedRows(2).Select(closed => closed.Row.MessageId));
            Assert.Equal([flash, second, last], scenario.Plan.Ask.ClosedRows(64).Select(closed => closed.Row.MessageId));
            Assert.Equal(["ES"], scenario.Plan.Ask.WaitingLanes(1_000).Select(waiting => waiting.Lane.Bureau));
            await scenario.ReopenPlanAsync(deleted: true);
        }

        foreach (var ended in (Guid[])[flash, second, last]) await scenario.DeliverAsync(ended, "DE");
        await scenario.CatchUpAsync();
        Assert.Equal(routine, Assert.Single(scenario.Plan.Ask.ClosedRows(64)).Row.MessageId);
    }
}
