namespace MessageBackbone.Node.Operations;

/// <summary>What other rooms say about themselves; the host fills it in, so that no room looks into another.</summary>
/// <param name="StartedAt">When the node was started.</param>
/// <param name="Transport">"in-memory" or "rabbitmq".</param>
/// <param name="TransportState">"connected", or what keeps it from that.</param>
/// <param name="Attending">Codes of the bureaus whose gateways attend at this node now.</param>
/// <param name="AttendanceChanges">Completes when the answer of <paramref name="Attending"/> changes the next time.</param>
internal sealed record Surroundings(
    DateTimeOffset StartedAt, Func<string> Transport, Func<string> TransportState, Func<IReadOnlyCollection<string>> Attending, Func<Task> AttendanceChanges)
{
    public const string Connected = "connected";
}
