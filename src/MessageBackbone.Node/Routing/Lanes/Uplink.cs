namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>A transport's present connection.</summary>
/// <param name="Version">The broker's, which decides the arguments of its queues; empty in memory.</param>
/// <param name="Lost">Cancelled when the connection ends; another one follows.</param>
internal sealed record Uplink(string Version, CancellationToken Lost)
{
    /// <summary>Within the process nothing is ever lost.</summary>
    public static Uplink InProcess { get; } = new("", CancellationToken.None);
}
