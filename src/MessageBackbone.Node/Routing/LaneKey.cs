using MessageBackbone.V1;

namespace MessageBackbone.Node.Routing;

/// <summary>A lane: what waits for one bureau at one precedence. It has its own numbering, its own queue and its own window.</summary>
internal readonly record struct LaneKey(string Bureau, Precedence Precedence)
{
    /// <summary>Every precedence, the most urgent first.</summary>
    public static IReadOnlyList<Precedence> MostUrgentFirst { get; } =
        [Precedence.Flash, Precedence.Immediate, Precedence.Priority, Precedence.Routine];

    /// <summary>Name of the lane's queue and of the exchange before it, e.g. <c>backbone.lane.DE.flash</c>.</summary>
    public string QueueName => $"backbone.lane.{Bureau}.{Precedence.ToString().ToLowerInvariant()}";

    /// <summary>The four lanes of a bureau, the most urgent first.</summary>
    public static IEnumerable<LaneKey> Of(string bureau) => MostUrgentFirst.Select(precedence => new LaneKey(bureau, precedence));

    /// <inheritdoc/>
    public override string ToString() => $"{Bureau}/{Precedence.ToString().ToLowerInvariant()}";
}
