namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What the transport's state comes down to: the closed set that is measured. Under each but <see cref="Connected"/> messages are
/// accepted and wait in the plan.</summary>
internal enum TransportCondition
{
    /// <summary>It was not connected yet since the start.</summary>
    Starting,

    Connected,

    /// <summary>The broker is there and takes nothing: its memory or its disk is low.</summary>
    Blocked,

    /// <summary>The broker is there and does not accept the node's user, password, virtual host or rights.</summary>
    Refused,

    /// <summary>The broker drops what is returned to it, and is not used.</summary>
    Unsafe,

    /// <summary>The broker cannot be reached.</summary>
    Away,
}

internal static class TransportConditions
{
    private static readonly TransportCondition[] All = Enum.GetValues<TransportCondition>();

    /// <summary>Every condition by its lower-case word, and which of them holds.</summary>
    public static IEnumerable<(string State, bool IsNow)> Of(TransportCondition now) =>
        All.Select(condition => (condition.ToString().ToLowerInvariant(), condition == now));
}
