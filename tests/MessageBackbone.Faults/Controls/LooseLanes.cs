using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;

namespace MessageBackbone.Faults.Controls;

/// <summary>A transport that does not wait for the broker's word, or whose lanes stay taken when a stream has ended.</summary>
internal sealed class LooseLanes(ILaneTransport lanes, bool GivesBack, bool Confirms) : ILaneTransport
{
    private static readonly TimeSpan SendWithin = TimeSpan.FromSeconds(5);

    public string Name => lanes.Name;

    public string State => lanes.State;

    public TransportCondition Condition => lanes.Condition;

    public int PublishAhead => lanes.PublishAhead;

    public Task StartAsync(CancellationToken cancellationToken) => lanes.StartAsync(cancellationToken);

    public Task UpAsync(CancellationToken cancellationToken) => lanes.UpAsync(cancellationToken);

    public bool Takes(LaneKey lane) => lanes.Takes(lane);

    public object? Incarnation(LaneKey lane) => lanes.Incarnation(lane);

    public Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken)
    {
        if (Confirms) return lanes.PublishAsync(row, traceParent, cancellationToken);
        _ = ForgetAsync(row, traceParent);
        return Task.CompletedTask;
    }

    public void Doubt(LaneKey lane) => lanes.Doubt(lane);

    public void DeclareNew() => lanes.DeclareNew();

    public int InHand(LaneKey lane) => lanes.InHand(lane);

    public Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(IReadOnlyCollection<LaneKey> wanted, CancellationToken cancellationToken) =>
        lanes.LookAsync(wanted, cancellationToken);

    public Task<LaneRebuild> RebuildAsync(LaneKey lane, CancellationToken cancellationToken) => lanes.RebuildAsync(lane, cancellationToken);

    public ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take) =>
        lanes.Attach(lane, take) is var attachment && GivesBack ? attachment : new Held(attachment);

    public ValueTask DisposeAsync() => lanes.DisposeAsync();

    private async Task ForgetAsync(PlanRow row, string? traceParent)
    {
        using var limit = new CancellationTokenSource(SendWithin);
        await lanes.PublishAsync(row, traceParent, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private sealed class Held(ILaneAttachment attachment) : ILaneAttachment
    {
        public Task Attached => attachment.Attached;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
