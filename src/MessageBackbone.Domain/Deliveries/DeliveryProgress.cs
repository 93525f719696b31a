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
}

/// <summary>One message on its way to one recipient. Stream <c>delivery-{id}-{bureau}</c>.</summary>
public sealed record DeliveryProgress
{
    public static readonly DeliveryProgress Waiting = new();

    public DeliveryStage Stage { get; private init; }

    /// <summary>Highest attempt recorded; 0: none.</summary>
    public uint Attempts { get; private init; }

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
    public bool IsFinal => Stage is DeliveryStage.Delivered or DeliveryStage.Opened or DeliveryStage.Refused;

    private int? DeliveredAt { get; init; }

    private int? RefusedAt { get; init; }

    private int? OpenedAt { get; init; }

    private int? QuarantinedAt { get; init; }

    public static Decision Decide(DeliveryProgress state, DeliveryCommand command) => command switch
    {
        RecordReceipt receipt => Receipts.Decide(state, receipt),
        EndAttempt attempt => attempt.Attempt.Number <= state.Attempts || state.IsFinal
            ? Decision.Nothing
            : Decision.Of(attempt.Attempt.ToEvent(attempt.MessageId, attempt.Recipient, attempt.EndedBy)),
        _ => throw new UnreachableException($"A delivery has no case for {command.GetType().Name}."),
    };

    public static DeliveryProgress Evolve(DeliveryProgress state, IMessage @event) => Step(state, @event) with { Events = state.Events + 1 };

    private static DeliveryProgress Step(DeliveryProgress state, IMessage @event) => @event switch
    {
        Attempted e => state with { Attempts = Math.Max(state.Attempts, e.Attempt) },
        Delivered => state with { Stage = DeliveryStage.Delivered, DeliveredAt = state.Events },
        Refused => state with { Stage = DeliveryStage.Refused, RefusedAt = state.Events },
        Opened => state with { Stage = DeliveryStage.Opened, OpenedAt = state.Events },
        Quarantined => state with { Stage = DeliveryStage.Quarantined, QuarantinedAt = state.Events },
        _ => throw new UnreachableException($"A delivery has no case for {@event.Descriptor.FullName}."),
    };
}
