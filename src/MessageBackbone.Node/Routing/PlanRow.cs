using MessageBackbone.EventLog;

namespace MessageBackbone.Node.Routing;

/// <summary>One delivery that is not final yet.</summary>
/// <param name="Lane">Recipient and precedence.</param>
/// <param name="Sequence">1, 2, 3 … in the lane, in log order.</param>
/// <param name="MessageId">The message.</param>
/// <param name="Position">Where its acceptance is in the log.</param>
/// <param name="TraceParent">W3C trace context of the acceptance, or null.</param>
/// <param name="Attempts">Presentations begun so far.</param>
/// <param name="Doubtful">It may have been presented before: the plan was rebuilt while this delivery was open, or an operator ordered it again.</param>
/// <param name="DeliverBy">When it expires; null: never.</param>
internal sealed record PlanRow(
    LaneKey Lane, ulong Sequence, Guid MessageId, LogPosition Position, string? TraceParent, uint Attempts, bool Doubtful, DateTimeOffset? DeliverBy)
{
    /// <summary>The message id as the contract writes it.</summary>
    public string MessageText => MessageId.ToString("D");
}

/// <summary>A presentation that the plan has noted before anything left for the gateway.</summary>
/// <param name="Row">The row, its attempt counted.</param>
/// <param name="Skipped">Lower numbers of the lane that ended unpresented, to be told with this one.</param>
internal sealed record Presentation(PlanRow Row, IReadOnlyList<ulong> Skipped)
{
    public uint Attempt => Row.Attempts;

    /// <summary>An earlier presentation may have reached the gateway.</summary>
    public bool PossibleDuplicate => Row.Attempts > 1 || Row.Doubtful;
}

/// <summary>What an event of the log means for the plan. A closed set.</summary>
internal abstract record PlanStep
{
    private PlanStep()
    {
    }

    internal sealed record Arrived(
        Guid MessageId, V1.Precedence Precedence, IReadOnlyList<string> Recipients, LogPosition Position, string? TraceParent,
        DateTimeOffset? DeliverBy = null, Guid? Conversation = null) : PlanStep
    {
        /// <summary>It is an order to recall this message; null: it is none.</summary>
        public Guid? Recalls { get; init; }
    }

    /// <summary>The order is in the stream of the message that it recalls.</summary>
    internal sealed record RecallOrdered(Guid OrderId) : PlanStep;

    internal sealed record Attempted(Guid MessageId, string Recipient, uint Attempt) : PlanStep;

    /// <summary>The gateway keeps it apart: it is not presented again until it is released, and what comes later in its conversation waits.</summary>
    internal sealed record KeptApart(Guid MessageId, string Recipient, DateTimeOffset At, string Reason) : PlanStep;

    /// <summary>An operator lets it go on.</summary>
    internal sealed record Released(Guid MessageId, string Recipient) : PlanStep;

    /// <param name="Report">The event of which the sender is owed a report; null: it is owed none.</param>
    internal sealed record Ended(Guid MessageId, string Recipient, OwedReport? Report = null) : PlanStep;

    /// <summary>An operator has a delivery presented again that a receipt had settled.</summary>
    /// <param name="Arrival">The arrival of the message at this recipient alone, with the order's own deadline, and in no conversation: it holds nothing up.</param>
    /// <param name="Sequence">Its number of before; 0: the next of its lane.</param>
    /// <param name="Attempts">Presentations before.</param>
    internal sealed record Reopened(Arrived Arrival, ulong Sequence, uint Attempts) : PlanStep;

    /// <summary>The delivery to one recipient is over, if it was open, and one to another begins, in its own lane.</summary>
    /// <param name="To">The arrival of the message at the alternate alone.</param>
    internal sealed record Redirected(string Recipient, Arrived To) : PlanStep;

    internal sealed record Registered(string Bureau) : PlanStep;

    /// <summary>For good: its open deliveries are to be ended, and those that still arrive.</summary>
    /// <param name="EventId">Of the event that says so.</param>
    internal sealed record Closed(string Bureau, Guid EventId) : PlanStep;
}

/// <summary>A report to the sender of a message that is not in the log yet.</summary>
/// <param name="EventId">Of the event that is reported; the report's own message id.</param>
/// <param name="Position">Where that event is.</param>
internal sealed record OwedReport(Guid EventId, LogPosition Position);

/// <summary>An open delivery that its sender recalled: it is presented no more, and its end is not in the log yet.</summary>
/// <param name="By">Where the acceptance of the order is.</param>
internal sealed record RecalledRow(PlanRow Row, LogPosition By);

/// <summary>An open delivery to a bureau that was closed.</summary>
/// <param name="By">Id of the event that closed it.</param>
internal sealed record ClosedRow(PlanRow Row, Guid By);

/// <summary>How far the plan has followed the log: the last event's position and its id.</summary>
internal sealed record PlanCheckpoint(LogPosition Position, Guid EventId);
