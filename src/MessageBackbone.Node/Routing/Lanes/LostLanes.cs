using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Finds lanes whose queue lost what the plan believes it holds: purged, or deleted and declared again by MassTransit, silently empty.</summary>
internal sealed class LostLanes(
    Plan plan, RoutingOptions options, Func<LaneKey, IReadOnlyCollection<ulong>> inHand, Action<LaneKey> doubt, TimeProvider clock, ILogger logger)
{
    private readonly Dictionary<LaneKey, DateTimeOffset> _emptySince = [];

    /// <summary>A new connection: a queue may look empty until its leader is there again.</summary>
    public void Begin() => _emptySince.Clear();

    public async Task FindAsync(BrokerTopology topology, CancellationToken cancellationToken)
    {
        var published = plan.Ask.PublishedLanes().Select(lane => lane.Lane).ToHashSet();
        foreach (var over in _emptySince.Keys.Where(lane => !published.Contains(lane)).ToList()) _emptySince.Remove(over);
        foreach (var lane in published)
        {
            var ready = await topology.ReadyAsync(lane.QueueName, cancellationToken);
            if (ready is null) doubt(lane);
            if (ready > 0) _emptySince.Remove(lane);
            else await EmptyAsync(lane, cancellationToken);
        }
    }

    private async Task EmptyAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (_emptySince.TryAdd(lane, now) || now - _emptySince[lane] < options.QueueEmptyAfter) return;
        _emptySince.Remove(lane);
        var count = await plan.UnmarkLaneAsync(lane, inHand(lane), cancellationToken);
        if (count > 0) RoutingLog.LaneEmpty(logger, lane.ToString(), count);
    }
}
