using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;

namespace MessageBackbone.Faults.Controls;

/// <summary>A transport that passes everything on: for those who change one thing of it.</summary>
internal abstract class PassingLanes(ILaneTransport lanes) : ILaneTransport
{
    public string Name => lanes.Name;

    public string State => lanes.State;

    public TransportCondition Condition => lanes.Condition;

    public int PublishAhead => lanes.PublishAhead;

    public Task StartAsync(CancellationToken cancellationToken) => lanes.StartAsync(cancellationToken);

    public Task UpAsync(CancellationToken cancellationToken) => lanes.UpAsync(cancellationToken);

    public bool Takes(LaneKey lane) => lanes.Takes(lane);

    public object? Incarnation(LaneKey lane) => lanes.Incarnation(lane);

    public virtual Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken) =>
        lanes.PublishAsync(row, traceParent, cancellationToken);

    public void Doubt(LaneKey lane) => lanes.Doubt(lane);

    public void DeclareNew() => lanes.DeclareNew();

    public int InHand(LaneKey lane) => lanes.InHand(lane);

    public Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(IReadOnlyCollection<LaneKey> wanted, CancellationToken cancellationToken) =>
        lanes.LookAsync(wanted, cancellationToken);

    public Task<LaneRebuild> RebuildAsync(LaneKey lane, CancellationToken cancellationToken) => lanes.RebuildAsync(lane, cancellationToken);

    public virtual ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take) => lanes.Attach(lane, take);

    public ValueTask DisposeAsync() => lanes.DisposeAsync();
}
