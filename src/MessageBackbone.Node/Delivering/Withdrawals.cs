using MessageBackbone.Node.Routing;

namespace MessageBackbone.Node.Delivering;

/// <summary>Tells the attendance of a bureau, if there is one at this node, that a delivery is held back: what it has in hand is given up.</summary>
internal sealed class Withdrawals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Action<LaneKey, ulong>>> _listeners = new(StringComparer.Ordinal);

    /// <summary>Calls <paramref name="listener"/> for each of the bureau's until disposed. It must be quick and not throw.</summary>
    public IDisposable Hear(string bureau, Action<LaneKey, ulong> listener)
    {
        lock (_gate)
        {
            if (!_listeners.TryGetValue(bureau, out var listeners)) _listeners.Add(bureau, listeners = []);
            listeners.Add(listener);
        }
        return new Hearing(this, bureau, listener);
    }

    public void Tell(LaneKey lane, ulong sequence)
    {
        Action<LaneKey, ulong>[] listeners;
        lock (_gate) listeners = [.. _listeners.GetValueOrDefault(lane.Bureau) ?? []];
        foreach (var listener in listeners) listener(lane, sequence);
    }

    private void Forget(string bureau, Action<LaneKey, ulong> listener)
    {
        lock (_gate)
            if (_listeners.TryGetValue(bureau, out var listeners) && listeners.Remove(listener) && listeners.Count == 0)
                _listeners.Remove(bureau);
    }

    private sealed class Hearing(Withdrawals all, string bureau, Action<LaneKey, ulong> listener) : IDisposable
    {
        public void Dispose() => all.Forget(bureau, listener);
    }
}
