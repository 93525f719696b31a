namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What carries references from the publisher to the attending node. May lose, repeat and reorder them: the plan puts that right.</summary>
internal interface ILaneTransport : IAsyncDisposable
{
    /// <summary>"in-memory" or "rabbitmq".</summary>
    string Name { get; }

    /// <summary>"connected", or what keeps it from that.</summary>
    string State { get; }

    /// <summary>The same as one of a closed set.</summary>
    TransportCondition Condition { get; }

    /// <summary>References of one lane that it may hold.</summary>
    int PublishAhead { get; }

    /// <summary>Begins; returns before anything is connected.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Completes when references can be sent.</summary>
    Task UpAsync(CancellationToken cancellationToken);

    /// <summary>Whether the lane may be sent to now.</summary>
    bool Takes(LaneKey lane);

    /// <summary>Another object whenever what the transport held of this lane may be gone: what was sent under the one before counts as not sent.</summary>
    object? Incarnation(LaneKey lane);

    /// <summary>Sends one reference. Returning means that the transport holds it; throwing, that it may not.</summary>
    /// <exception cref="TransportBlockedException">The transport takes nothing now: no fault of the lane's.</exception>
    Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken);

    /// <summary>A send to this lane failed: its queue wants to be looked at.</summary>
    void Doubt(LaneKey lane);

    /// <summary>The plan holds new bureaus: their lanes want to be there before anything is sent.</summary>
    void DeclareNew();

    /// <summary>References of a lane that are held at this node now.</summary>
    int InHand(LaneKey lane);

    /// <summary>What is known of these lanes' queues, looked for now where that can be done.</summary>
    Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(IReadOnlyCollection<LaneKey> lanes, CancellationToken cancellationToken);

    /// <summary>Deletes a lane's queue, declares it again and has the plan fill it.</summary>
    Task<LaneRebuild> RebuildAsync(LaneKey lane, CancellationToken cancellationToken);

    /// <summary>Receives a lane until disposed. One at a time for a lane. Returns at once; references come when the transport can bring them.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="take">Called for every reference, from any thread; must not block or throw.</param>
    ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take);
}

/// <summary>The transport is there and takes nothing until it says so: what was to be sent waits.</summary>
internal sealed class TransportBlockedException() : Exception("the broker takes nothing now");

/// <summary>A lane that is being received. Disposing gives back what is held and not done.</summary>
internal interface ILaneAttachment : IAsyncDisposable
{
    /// <summary>Completes when references come, or when it was disposed before.</summary>
    Task Attached { get; }
}
