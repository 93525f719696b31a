using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Deliveries;

public enum DeliveryStage
{
    /// <summary>Nothing came back yet.</summary>
    Waiting = 0,
    Quarantined,
    Delivered,
    Opened,
    /// <summary>Final.</summary>
    Refused,
    /// <summary>Final: a receipt that still comes is kept beside it and changes nothing.</summary>
    Expired,
    /// <summary>Final: an operator ended it while it was quarantined. A receipt that still comes is kept beside it and changes nothing.</summary>
    RefusedByOperator,
    /// <summary>Final, like <see cref="Expired"/>.</summary>
    Recalled,
    /// <summary>Final for this recipient, as <see cref="Expired"/> is: an alternate gets it.</summary>
    Redirected,
}

/// <summary>One message on its way to one recipient. Stream <c>delivery-{id}-{bureau}</c>.</summary>
public sealed record DeliveryProgress
{
    public static readonly DeliveryProgress Waiting = new();

    public DeliveryStage Stage => EndedAs ?? Receipted;

    /// <summary>What the receipts alone say, those that came after the end among them.</summary>
    public DeliveryStage Receipted { get; private init; }

    /// <summary>The alternate that gets it, or a copy of it; null: it was not redirected.</summary>
    public string? RedirectedTo { get; private init; }

    /// <summary>Its sender recalled the message when the recipient had it already.</summary>
    public bool IsAskedBack { get; private init; }

    /// <summary>Steps taken because it was late, in their order.</summary>
    public ImmutableArray<EscalationStep> Escalations { get; private init; } = [];

    /// <summary>Ids of the steps whose calls are over.</summary>
    internal ImmutableHashSet<string> Calls { get; private init; } = [];

    /// <summary>Highest attempt recorded; 0: none.</summary>
    public uint Attempts { get; private init; }

    /// <summary>The number under which it was presented last; 0: no presentation was recorded.</summary>
    internal ulong Sequence { get; private init; }

    /// <summary>What was delivered is being presented again.</summary>
    public bool IsRedelivered => Redelivery is not null;

    /// <summary>What an operator ordered, and nothing ended yet; null: nothing.</summary>
    internal OpenRedelivery? Redelivery { get; private init; }

    /// <summary>The receipt that ended the last redelivery: sent once more, it is no new one.</summary>
    internal ByteString RedeliveryReceipt { get; private init; } = ByteString.Empty;

    /// <summary>Events folded so far: the revision to expect is one less; 0 means no stream.</summary>
    public int Events { get; private init; }

    /// <summary>Revision of the event that recorded DELIVERED, REFUSED, OPENED or QUARANTINED: what a repeat is answered with.</summary>
    public int? RevisionOf(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Delivered => DeliveredAt,
        DeliveryOutcome.Refused => RefusedAt,
        DeliveryOutcome.Opened => OpenedAt,
        DeliveryOutcome.Quarantined => QuarantinedAt,
        _ => null,
    };

    /// <summary>No delivery is owed any more.</summary>
    public bool IsFinal => EndedAs is not null || IsSettled;

    /// <summary>A receipt says what became of it: another one may only repeat that.</summary>
    internal bool IsSettled => Receipted is DeliveryStage.Delivered or DeliveryStage.Opened or DeliveryStage.Refused;

    /// <summary>The QUARANTINED receipt that an operator's release answered last: sent once more, it is no new one.</summary>
    internal ByteString ReleasedReceipt { get; private init; } = ByteString.Empty;

    /// <summary>The end that no receipt gave; null: none.</summary>
    private DeliveryStage? EndedAs { get; init; }

    private ByteString QuarantineReceipt { get; init; } = ByteString.Empty;

    private int? DeliveredAt { get; init; }

    private int? RefusedAt { get; init; }

    private int? OpenedAt { get; init; }

    private int? QuarantinedAt { get; init; }

    public static Decision Decide(DeliveryProgress state, DeliveryCommand command) => command switch
    {
        RecordReceipt receipt => Receipts.Decide(state, receipt),
        // Also after it expired or was recalled: that it lay with the recipient until then is a fact that nothing else tells.
        EndAttempt attempt => attempt.Attempt.Number <= state.Attempts || (state.IsSettled && !state.IsRedelivered)
            ? Decision.Nothing
            : Decision.Of(attempt.Attempt.ToEvent(attempt.MessageId, attempt.Recipient, attempt.EndedBy)),
        Expire expire => Expiry.Decide(state, expire),
        EndAsClosed closed => Expiry.Decide(state, closed),
        Release release => Quarantine.Decide(state, release),
        RefuseQuarantined refuse => Quarantine.Decide(state, refuse),
        Redeliver redeliver => Deliveries.Redelivery.Decide(state, redeliver),
        Recall recall => Recalling.Decide(state, recall),
        Escalate escalate => Escalation.Decide(state, escalate),
        EndCall call => Escalation.Decide(state, call),
        _ => throw new UnreachableException($"A delivery has no case for {command.GetType().Name}."),
    };

    public static DeliveryProgress Evolve(DeliveryProgress state, IMessage @event) => Step(state, @event) with { Events = state.Events + 1 };

    private static DeliveryProgress Step(DeliveryProgress state, IMessage @event) => @event switch
    {
        Attempted e => state with { Attempts = Math.Max(state.Attempts, e.Attempt), Sequence = e.Sequence > 0 ? e.Sequence : state.Sequence },
        Delivered => state with { Receipted = DeliveryStage.Delivered, DeliveredAt = state.Events },
        Refused => state with { Receipted = DeliveryStage.Refused, RefusedAt = state.Events },
        Opened => state with { Receipted = DeliveryStage.Opened, OpenedAt = state.Events },
        Quarantined e => state with { Receipted = DeliveryStage.Quarantined, QuarantinedAt = state.Events, QuarantineReceipt = e.Receipt },
        Released => state with { Receipted = DeliveryStage.Waiting, ReleasedReceipt = state.QuarantineReceipt },
        RedeliveryOrdered e => state with { Redelivery = OpenRedelivery.Of(e) },
        RedeliveryEnded e => state with { Redelivery = null, RedeliveryReceipt = e.Receipt },
        Expired => state with { EndedAs = DeliveryStage.Expired },
        Recalled => state with { EndedAs = DeliveryStage.Recalled },
        RefusedByOperator => state with { EndedAs = DeliveryStage.RefusedByOperator },
        Escalated e => state with { Escalations = state.Escalations.Add(e.Step) },
        // After a receipt that settled it the alternate has a copy, and the recipient keeps its state.
        Redirected e => state with { RedirectedTo = e.To, EndedAs = state.IsFinal ? state.EndedAs : DeliveryStage.Redirected },
        AskedBack => state with { IsAskedBack = true },
        EscalationCalled e => state with { Calls = state.Calls.Add(e.EventId) },
        _ => throw new UnreachableException($"A delivery has no case for {@event.Descriptor.FullName}."),
    };
}
