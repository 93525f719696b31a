using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>What is owed after an outage is done by precedence, and by age only within one.</summary>
public sealed class PlanUrgencyTests
{
    private static readonly DateTimeOffset By = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task What_expired_last_and_is_urgent_ends_first()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var routine = await scenario.AcceptAsync(By, Precedence.Routine, "DE");
        var later = await scenario.AcceptAsync(By.AddMinutes(2), Precedence.Flash, "DE");
        var flash = await scenario.AcceptAsync(By.AddMinutes(1), Precedence.Flash, "ES");
        await scenario.CatchUpAsync();

        Assert.Equal([flash, later, routine], scenario.Plan.Ask.Overdue(By.AddHours(1), 10).Select(row => row.MessageId));
        Assert.Equal([flash, later], scenario.Plan.Ask.Overdue(By.AddHours(1), 2).Select(row => row.MessageId));
        Assert.Equal(By, scenario.Plan.Ask.NextDeadline());
    }

    [Fact]
    public async Task The_senders_of_what_is_urgent_are_told_first()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        foreach (var precedence in (Precedence[])[Precedence.Routine, Precedence.Flash, Precedence.Priority, Precedence.Flash])
        {
            var id = await scenario.AcceptAsync(precedence, "DE");
            await scenario.QuarantineAsync(id, "DE");
            await scenario.RefuseByOperatorAsync(id, "DE");
        }
        await scenario.CatchUpAsync();

        var owed = scenario.Plan.Ask.OwedReports(10).Select(report => report.Position.Value).ToList();

        Assert.Equal([1, 3, 2, 0], owed.Select(position => owed.Order().ToList().IndexOf(position)));
    }
}
