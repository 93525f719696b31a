using MessageBackbone.Node.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Routing;

public sealed class RoutingServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_publisher_that_ended_is_told_and_the_planner_goes_on()
    {
        await using var scenario = await RoutingScenario.StartAsync();
        var broken = new TaskCompletionSource();
        await using var transport = new ScriptedTransport { Up = broken.Task };
        var planner = new Planner(scenario.Plan, scenario.Log, TimeProvider.System, NullLogger<Planner>.Instance);
        var publisher = new Publisher(scenario.Plan, transport, scenario.Options, TimeProvider.System, NullLogger<Publisher>.Instance);
        await using var routing = new RoutingService(planner, publisher, transport, NullLogger<RoutingService>.Instance);
        Assert.Equal("starting", routing.State);
        await routing.StartAsync(Cancel);
        await planner.CaughtUp.WaitAsync(Cancel);
        Assert.Equal("running", routing.State);

        broken.SetException(new InvalidOperationException("nobody expected this"));

        await Eventually.TrueAsync("the end is told", () => routing.State == "publisher stopped: nobody expected this");
        Assert.Equal("running", planner.State);
    }
}
