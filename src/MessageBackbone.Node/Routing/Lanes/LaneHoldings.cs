using System.Collections.Concurrent;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Which references of each lane are held at this node now, neither done nor given back.</summary>
internal sealed class LaneHoldings
{
    private readonly ConcurrentDictionary<LaneKey, ConcurrentDictionary<ulong, int>> _held = new();

    public IReadOnlyCollection<ulong> Of(LaneKey lane) => _held.TryGetValue(lane, out var held) ? [.. held.Keys] : [];

    /// <summary>Counts it until it is over.</summary>
    public HeldReference Counted(LaneKey lane, HeldReference held)
    {
        var sequences = _held.GetOrAdd(lane, static _ => new ConcurrentDictionary<ulong, int>());
        sequences.AddOrUpdate(held.Reference.Sequence, 1, static (_, count) => count + 1);
        held.WhenOver(() =>
        {
            if (sequences.AddOrUpdate(held.Reference.Sequence, 0, static (_, count) => count - 1) <= 0)
                sequences.TryRemove(new KeyValuePair<ulong, int>(held.Reference.Sequence, 0));
        });
        return held;
    }
}
