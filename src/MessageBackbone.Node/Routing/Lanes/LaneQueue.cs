using MessageBackbone.V1;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What is known of a lane's queue.</summary>
/// <param name="State">In one word.</param>
/// <param name="Detail">Why, where there is more to say: the broker's own text.</param>
internal readonly record struct LaneQueue(QueueState State, string Detail = "")
{
    public static LaneQueue Ok { get; } = new(QueueState.Ok);

    public static LaneQueue Unknown { get; } = new(QueueState.Unknown);
}

/// <summary>What came of an order to make a lane's queue anew. A closed set.</summary>
internal abstract record LaneRebuild
{
    private LaneRebuild()
    {
    }

    /// <summary>The queue is new, and so many references are published again.</summary>
    internal sealed record Done(int References) : LaneRebuild;

    /// <summary>Nothing was touched; the text says why, and what to do.</summary>
    internal sealed record NotNow(string Text) : LaneRebuild;

    /// <summary>This transport has no queues of its own.</summary>
    internal sealed record NoQueues : LaneRebuild;
}
