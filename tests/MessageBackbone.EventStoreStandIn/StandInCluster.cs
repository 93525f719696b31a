using MessageBackbone.EventStoreStandIn.Storing;

namespace MessageBackbone.EventStoreStandIn;

/// <summary>Nodes over one store, of which at most one leads: what one acknowledged, all hold.</summary>
public sealed class StandInCluster(StandInStore store)
{
    private readonly Lock _gate = new();
    private readonly List<StandIn> _nodes = [];
    private StandIn? _leader;

    public StandInStore Store => store;

    /// <summary>Who leads; null: nobody does, and nobody is named.</summary>
    public StandIn? Leader
    {
        get
        {
            lock (_gate) return _leader;
        }

        set
        {
            lock (_gate) _leader = value;
        }
    }

    internal IReadOnlyList<StandIn> Nodes
    {
        get
        {
            lock (_gate) return [.. _nodes];
        }
    }

    internal void Join(StandIn node)
    {
        lock (_gate)
        {
            _nodes.Add(node);
            _leader ??= node;
        }
    }
}
