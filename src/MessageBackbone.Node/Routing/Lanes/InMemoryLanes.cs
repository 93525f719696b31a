using MassTransit;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>MassTransit within this process. It redelivers nothing and drops what no endpoint waits for: so only attached lanes are sent to, and a lane that
/// is detached is un-marked in the plan. Every start is a wiped broker.</summary>
internal sealed class InMemoryLanes(Plan plan, RoutingOptions options, TimeProvider clock, ILoggerFactory logs) : ILaneTransport
{
    private readonly LaneBus _bus = LaneBus.Create(
        () => Bus.Factory.CreateUsingInMemory(static _ => { }), sendsApart: false, static (_, _) => { }, options, clock, logs);
    private readonly LaneHoldings _inHand = new();
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => "in-memory";

    public string State => _up.Task.IsCompletedSuccessfully ? "connected" : "starting";

    public TransportCondition Condition => _up.Task.IsCompletedSuccessfully ? TransportCondition.Connected : TransportCondition.Starting;

    public int PublishAhead => options.PublishAhead ?? 1_000;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await plan.UnmarkAllAsync(cancellationToken);
        await _bus.StartAsync(cancellationToken);
        _up.TrySetResult();
    }

    public Task UpAsync(CancellationToken cancellationToken) => _up.Task.WaitAsync(cancellationToken);

    public bool Takes(LaneKey lane) => _bus.IsAttached(lane);

    public object? Incarnation(LaneKey lane) => _bus.Incarnation(lane);

    public Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken) =>
        _bus.SendAsync(row.Lane, LaneReference.Of(row, traceParent), static _ => { }, cancellationToken);

    public void Doubt(LaneKey lane)
    {
        // A queue within the process is there as long as its endpoint is.
    }

    public void DeclareNew()
    {
        // A lane comes into being when it is attached.
    }

    public int InHand(LaneKey lane) => _inHand.Of(lane).Count;

    // A queue within the process is there whenever it is needed.
    public Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(IReadOnlyCollection<LaneKey> lanes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<LaneKey, LaneQueue>>(lanes.ToDictionary(lane => lane, static _ => LaneQueue.Ok));

    public Task<LaneRebuild> RebuildAsync(LaneKey lane, CancellationToken cancellationToken) =>
        Task.FromResult<LaneRebuild>(new LaneRebuild.NoQueues());

    public ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take) =>
        _bus.Attach(lane, held => take(_inHand.Counted(lane, held)),
            new LaneHooks(LaneUpAsync, plan.Waiting.Set, () => plan.UnmarkLaneAsync(lane, [], CancellationToken.None)));

    public ValueTask DisposeAsync() => _bus.DisposeAsync();

    private async Task<Uplink> LaneUpAsync(CancellationToken cancellationToken)
    {
        await UpAsync(cancellationToken);
        return Uplink.InProcess;
    }
}
