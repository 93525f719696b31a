using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>The planner goes on when the plan's disk does.</summary>
public sealed class PlannerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("before insert on row")]
    [InlineData("before update on checkpoint")]
    public async Task A_plan_that_cannot_be_written_holds_the_planner_up_only_as_long_as_the_fault_lasts(string when)
    {
        await using var scenario = await RoutingScenario.StartAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var planner = new Planner(scenario.Plan, scenario.Log, TimeProvider.System, NullLogger<Planner>.Instance);
        var running = planner.RunAsync(stop.Token);
        await planner.CaughtUp.WaitAsync(Cancel);
        Execute(scenario, $"create trigger fault {when} begin select raise(abort, 'the disk gives errors'); end");

        await scenario.AcceptAsync(Precedence.Flash, "DE");
        await Eventually.TrueAsync("the planner says what holds it up", () => planner.State.Contains("the disk gives errors", StringComparison.Ordinal));
        Assert.False(running.IsCompleted);
        Execute(scenario, "drop trigger fault");

        var lane = new LaneKey("DE", Precedence.Flash);
        await Eventually.TrueAsync("the row is planned", () => planner.State == "running" && scenario.OpenRows(lane).Count == 1);
        await stop.CancelAsync();
        await Task.WhenAny(running);
    }

    [Fact]
    public async Task A_plan_made_anew_catches_up_although_its_disk_failed_after_the_last_event()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        await scenario.AcceptAsync(Precedence.Flash, "DE");
        await scenario.ReopenPlanAsync(deleted: true);
        Execute(scenario, "create trigger fault before update of doubtful on row begin select raise(abort, 'the disk gives errors'); end");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var planner = new Planner(scenario.Plan, scenario.Log, TimeProvider.System, NullLogger<Planner>.Instance);

        var running = planner.RunAsync(stop.Token);
        await Eventually.TrueAsync("the planner says what holds it up", () => planner.State.Contains("the disk gives errors", StringComparison.Ordinal));
        Assert.False(planner.CaughtUp.IsCompleted);
        Execute(scenario, "drop trigger fault");

        await planner.CaughtUp.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.True((await scenario.Plan.PresentAsync(new LaneKey("DE", Precedence.Flash), 1, DateTimeOffset.UnixEpoch, Cancel))!.PossibleDuplicate);
        await stop.CancelAsync();
        await Task.WhenAny(running);
    }

    private static void Execute(RoutingScenario scenario, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={scenario.PlanFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
