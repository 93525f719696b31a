using MessageBackbone.EventLog;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What the broker carries: where to find a delivery, nothing of its content.</summary>
public sealed record LaneReference
{
    public required Guid MessageId { get; init; }

    public required string Recipient { get; init; }

    /// <summary>1 ROUTINE … 4 FLASH.</summary>
    public required int Precedence { get; init; }

    public required ulong Sequence { get; init; }

    /// <summary>Of the acceptance, in the log.</summary>
    public required ulong Position { get; init; }

    /// <summary>W3C trace context of the publication.</summary>
    public string? TraceParent { get; init; }

    internal static LaneReference Of(PlanRow row, string? traceParent) => new()
    {
        MessageId = row.MessageId,
        Recipient = row.Lane.Bureau,
        Precedence = (int)row.Lane.Precedence,
        Sequence = row.Sequence,
        Position = row.Position.Value,
        TraceParent = traceParent,
    };
}

/// <summary>A reference in hand. The transport keeps it until <see cref="Done"/>; a lane that is detached before gives it back.</summary>
internal sealed class HeldReference(LaneReference reference, string? traceParent)
{
    private Action? _over;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LaneReference Reference => reference;

    /// <summary>The trace to continue.</summary>
    public string? TraceParent => traceParent;

    /// <summary>The transport may forget it.</summary>
    public void Done() => _done.TrySetResult();

    internal Task Settled => _done.Task;

    /// <summary>Runs once, when it is done or given back.</summary>
    internal void WhenOver(Action action) => _over += action;

    internal void Over() => _over?.Invoke();
}
