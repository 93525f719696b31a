using System.Threading.Channels;
using MessageBackbone.Fixtures;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.Node.Routing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>Routing as a node runs it, on a real log and a real broker. Fails the test that disposes it when an error was logged that it did not
/// expect.</summary>
internal sealed class RabbitMqNode : IAsyncDisposable
{
    private readonly RoutingService _service;

    private RabbitMqNode(RoutingScenario scenario, CapturedLogs logs)
    {
        (Scenario, Logs) = (scenario, logs);
        Lanes = new RabbitMqLanes(scenario.Plan, scenario.Options, TimeProvider.System, logs);
        var publisher = new Publisher(scenario.Plan, Lanes, scenario.Options, TimeProvider.System, new Logger<Publisher>(logs));
        var planner = new Planner(scenario.Plan, scenario.Log, TimeProvider.System, new Logger<Planner>(logs));
        _service = new RoutingService(planner, publisher, Lanes, new Logger<RoutingService>(logs));
    }

    public RoutingScenario Scenario { get; }

    public RabbitMqLanes Lanes { get; }

    public CapturedLogs Logs { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RabbitMqNode> StartAsync(Uri broker, Action<RoutingOptions>? configure = null, params string[] bureaus)
    {
        var scenario = await RoutingScenario.StartAsync();
        scenario.Options.RabbitMq = broker;
        configure?.Invoke(scenario.Options);
        foreach (var bureau in bureaus) await scenario.RegisterAsync(bureau);
        await scenario.CatchUpAsync();
        var node = new RabbitMqNode(scenario, new CapturedLogs());
        await node._service.StartAsync(Cancel);
        return node;
    }

    public Task UpAsync() => Lanes.UpAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(60), Cancel);

    /// <summary>Attaches a lane; what comes is in the channel.</summary>
    public async Task<(ILaneAttachment Attachment, ChannelReader<HeldReference> Arrived)> AttachAsync(LaneKey lane)
    {
        var (attachment, arrived) = Attach(lane);
        await attachment.Attached.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        return (attachment, arrived);
    }

    public (ILaneAttachment Attachment, ChannelReader<HeldReference> Arrived) Attach(LaneKey lane)
    {
        var arrived = Channel.CreateUnbounded<HeldReference>();
        return (Lanes.Attach(lane, held => arrived.Writer.TryWrite(held)), arrived.Reader);
    }

    /// <summary>Waits until the plan holds the accepted rows of a lane and the broker has confirmed all of them.</summary>
    public Task PublishedAsync(LaneKey lane, int rows) => Eventually.TrueAsync(
        $"{rows} rows of {lane} are published", () => Scenario.Plan.Ask.PublishedLanes().Contains(new WaitingLane(lane, 0, rows)));

    public int Logged(int id) => Logs.Lines.Count(line => line.Event.Id == id);

    public Task StopAsync() => _service.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Lanes.DisposeAsync();
        await _service.DisposeAsync();
        await Scenario.DisposeAsync();
        Logs.Dispose();
    }
}
