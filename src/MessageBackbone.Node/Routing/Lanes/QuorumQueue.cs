namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>The arguments of a quorum queue that never drops, for the broker's version.</summary>
/// <remarks>3.10 accepts a delivery limit of −1 and then drops each message at its first return; from 4.0 on the default is 20 returns (both seen).</remarks>
internal static class QuorumQueue
{
    public const string DeliveryLimit = "x-delivery-limit";

    /// <summary>Whether the limit must be switched off by name.</summary>
    public static bool NeedsNoLimit(string version) =>
        int.TryParse(version.Split('.', 2)[0], out var major) && major >= 4;

    public static Dictionary<string, object?> Arguments(string version)
    {
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" };
        if (NeedsNoLimit(version)) arguments[DeliveryLimit] = -1;
        return arguments;
    }
}
