using System.Collections.Concurrent;

namespace MessageBackbone.Node.Delivering;

/// <summary>What one stream has presented and has no receipt for. As many as the gateway's windows allow: what was taken back keeps its place in
/// them.</summary>
/// <remarks>Written by the attendance's loop; receipts look up and remove beside it.</remarks>
internal sealed class PresentedDeliveries
{
    private readonly ConcurrentDictionary<Guid, InHand> _deliveries = new();

    public ICollection<InHand> All => _deliveries.Values;

    /// <summary>A later presentation of the same message replaces the one that was taken back.</summary>
    public void Add(Guid message, InHand delivery) => _deliveries[message] = delivery;

    public InHand? Find(Guid message) => _deliveries.GetValueOrDefault(message);

    public bool Holds(Guid message, InHand delivery) => _deliveries.GetValueOrDefault(message) == delivery;

    public void Remove(Guid message, InHand delivery) => _deliveries.TryRemove(new KeyValuePair<Guid, InHand>(message, delivery));
}
