using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Delivering;

/// <summary>One delivery between being taken from its lane and its receipt. Touched by the attendance's own loop, but for what a receipt reads.</summary>
internal sealed class InHand(LaneKey lane, ulong sequence, HeldReference? held)
{
    public LaneKey Lane => lane;

    public ulong Sequence => sequence;

    /// <summary>What the transport waits for; null: taken from the plan, the transport has it no more.</summary>
    public HeldReference? Held { get; set; } = held;

    /// <summary>Null until it is ready, or when it turned out to be final.</summary>
    public ReadyDelivery? Ready { get; set; }

    /// <summary>When it was written to the gateway; null: not yet.</summary>
    public DateTimeOffset? PresentedAt { get; set; }

    /// <summary>When it goes back to the plan without a receipt; null: it was not presented yet.</summary>
    public DateTimeOffset? GivenUpAt(TimeSpan inHandAtMost)
    {
        if (PresentedAt + inHandAtMost is not { } end) return null;
        if (IsRecalled) return PresentedAt;
        return Ready?.Presentation.Row.DeliverBy is { } by && by < end ? by : end;
    }

    /// <summary>Its sender recalled it: it is given up as soon as it is presented.</summary>
    public bool IsRecalled { get; set; }

    /// <summary>It went back to the plan without a receipt. Its place in the window stays taken until one comes.</summary>
    public bool TakenBack { get; set; }
}

/// <summary>A delivery as it will be written, and what a receipt is judged by.</summary>
/// <param name="Presentation">As counted in the plan.</param>
/// <param name="Frame">Released once written.</param>
/// <param name="Accepted">The message's acceptance, without the header's bytes.</param>
/// <param name="TraceParent">The trace of this delivery; its <c>delivery_id</c>.</param>
internal sealed record ReadyDelivery(Presentation Presentation, Delivery Frame, Accepted Accepted, string TraceParent);
