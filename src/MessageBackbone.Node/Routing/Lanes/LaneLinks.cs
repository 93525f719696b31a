namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Each lane's share in the connection: ends with the connection, or before it when the lane's queue is made anew.</summary>
/// <remarks>Not safe for concurrent use.</remarks>
internal sealed class LaneLinks
{
    private readonly Dictionary<LaneKey, (CancellationTokenSource Ending, Uplink Link)> _links = [];

    public Uplink Of(LaneKey lane, Uplink connection)
    {
        if (!_links.TryGetValue(lane, out var known))
        {
            var ending = CancellationTokenSource.CreateLinkedTokenSource(connection.Lost);
            _links[lane] = known = (ending, connection with { Lost = ending.Token });
        }
        return known.Link;
    }

    /// <summary>The lane's next share is another one. Returns what ends the present one; null: nobody asked for it.</summary>
    public CancellationTokenSource? Take(LaneKey lane) => _links.Remove(lane, out var known) ? known.Ending : null;

    /// <summary>The connection ended, and all with it.</summary>
    public void Clear() => _links.Clear();
}
