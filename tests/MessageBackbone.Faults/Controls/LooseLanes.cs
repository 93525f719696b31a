using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;

namespace MessageBackbone.Faults.Controls;

/// <summary>A transport that does not wait for the broker's word, or whose lanes stay taken when a stream has ended.</summary>
internal sealed class LooseLanes(ILaneTransport lanes, bool GivesBack, bool Confirms) : PassingLanes(lanes)
{
    private static readonly TimeSpan SendWithin = TimeSpan.FromSeconds(5);

    public override Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken)
    {
        if (Confirms) return base.PublishAsync(row, traceParent, cancellationToken);
        _ = ForgetAsync(row, traceParent);
        return Task.CompletedTask;
    }

    public override ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take) =>
        base.Attach(lane, take) is var attachment && GivesBack ? attachment : new Held(attachment);

    private async Task ForgetAsync(PlanRow row, string? traceParent)
    {
        using var limit = new CancellationTokenSource(SendWithin);
        await base.PublishAsync(row, traceParent, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private sealed class Held(ILaneAttachment attachment) : ILaneAttachment
    {
        public Task Attached => attachment.Attached;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>A transport that hands out each second reference before the first, of as many as wait in the scene; what comes later passes as it comes.</summary>
internal sealed class ScramblingLanes(ILaneTransport lanes) : PassingLanes(lanes)
{
    public override ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take)
    {
        var (gate, count) = (new Lock(), 0);
        HeldReference? first = null;
        return base.Attach(lane, held =>
        {
            lock (gate)
            {
                if (count++ >= MemoryScenes.Count) take(held);
                else if (first is null) first = held;
                else
                {
                    take(held);
                    take(first);
                    first = null;
                }
            }
        });
    }
}
