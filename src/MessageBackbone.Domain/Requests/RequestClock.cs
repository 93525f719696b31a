using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Clocks;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Requests;

/// <summary>Whose answer to what a clock measures.</summary>
public sealed record RequestOf(string MessageId, string Recipient, string Requester, string DeadlineClass);

public abstract record RequestCommand
{
    private protected RequestCommand() { }
}

/// <summary>A turn that the log led to. They are recorded in the order of their numbers.</summary>
/// <param name="Terms">For the start; null: the class is not configured.</param>
public sealed record TakeTurn(RequestOf Request, RequestTurn Turn, RequestTerms? Terms, string Node) : RequestCommand;

/// <summary>A step may be due: takes the one that is.</summary>
/// <param name="DutyDesk">Who is told for the recipient after the deadline; empty: nobody is left.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record TakeStep(RequestOf Request, string DutyDesk, DateTimeOffset At, string Node) : RequestCommand
{
    /// <summary>Nobody there is to be reminded.</summary>
    public bool RecipientClosed { get; init; }

    /// <summary>Nobody there waits for the answer.</summary>
    public bool RequesterClosed { get; init; }
}

/// <summary>The call for a step was answered, or was given up.</summary>
public sealed record EndRequestCall(RequestCalled Facts) : RequestCommand;

/// <summary>The clock of the answer that one recipient owes. Stream <c>request-{id}-{bureau}</c>.</summary>
public sealed record RequestClock
{
    public static readonly RequestClock None = new();

    /// <summary>Null: it did not start.</summary>
    public RequestStarted? Started { get; private init; }

    /// <summary>Null: it did not start.</summary>
    public RunningClock? Clock { get; private init; }

    /// <summary>The turns recorded.</summary>
    public uint Turns { get; private init; }

    /// <summary>What made it stand; empty: it does not.</summary>
    public string PausedBy { get; private init; } = "";

    /// <summary>The steps taken, in order.</summary>
    public ImmutableArray<RequestStep> Steps { get; private init; } = [];

    /// <summary>Ids of the steps whose calls have ended.</summary>
    public ImmutableHashSet<string> Calls { get; private init; } = [];

    /// <summary>Null: it is not closed.</summary>
    public RequestClosed? Closed { get; private init; }

    /// <summary>When the answer is due; null: it did not start, stands, or is closed.</summary>
    public DateTimeOffset? DueAt => Started is { } started ? Clock?.Reaches(started.Allowed.ToTimeSpan()) : null;

    public static Decision Decide(RequestClock state, RequestCommand command) => command switch
    {
        TakeTurn turn => Turn(state, turn),
        TakeStep step => Step(state, step),
        EndRequestCall call => state.Calls.Contains(call.Facts.EventId) ? Decision.Nothing : Decision.Of(call.Facts),
        _ => throw new UnreachableException($"A request has no case for {command.GetType().Name}."),
    };

    public static RequestClock Evolve(RequestClock state, IMessage @event) => @event switch
    {
        RequestStarted e => state with { Started = e, Clock = new RunningClock(e.StartedAt.ToDateTimeOffset()), Turns = e.Turn },
        RequestPaused e => state with { Clock = state.Clock?.Pause(e.At.ToDateTimeOffset()), Turns = e.Turn, PausedBy = e.By },
        RequestResumed e => state with { Clock = state.Clock?.Resume(e.At.ToDateTimeOffset()), Turns = e.Turn, PausedBy = "" },
        RequestReminded e => state with { Steps = state.Steps.Add(e.Step) },
        RequestOverdue e => state with { Steps = state.Steps.Add(e.Step) },
        RequestCalled e => state with { Calls = state.Calls.Add(e.EventId) },
        RequestClosed e => state with { Clock = state.Clock?.Stop(e.At.ToDateTimeOffset()), Turns = e.Turn, Closed = e },
        _ => throw new UnreachableException($"A request has no case for {@event.Descriptor.FullName}."),
    };

    private static Decision Turn(RequestClock state, TakeTurn command)
    {
        var turn = command.Turn;
        // Closed is final, also where a turn that the log led to was overtaken by it.
        if (turn.Number <= state.Turns || state.Closed is not null) return Decision.Nothing;
        if (turn.Number != state.Turns + 1) return Decision.No(Reasons.FieldInvalid, "An earlier turn of this clock is not recorded yet.", "turn");
        return turn.Kind switch
        {
            RequestTurnKind.Start when command.Terms is { } terms => Decision.Of(Start(command, terms)),
            RequestTurnKind.Start => Decision.Of(Close(state, command, RequestTalk.ClassUnknown)),
            RequestTurnKind.Pause => Decision.Of(new RequestPaused
            {
                MessageId = command.Request.MessageId,
                Recipient = command.Request.Recipient,
                Turn = turn.Number,
                By = turn.By,
                At = turn.At.ToTimestamp(),
                Node = command.Node,
            }),
            RequestTurnKind.Resume => Decision.Of(Resume(state, command)),
            RequestTurnKind.Close => Decision.Of(Close(state, command, turn.Reason)),
            _ => throw new UnreachableException($"A clock has no turn {turn.Kind}."),
        };
    }

    private static RequestStarted Start(TakeTurn command, RequestTerms terms) => new()
    {
        MessageId = command.Request.MessageId,
        Recipient = command.Request.Recipient,
        Requester = command.Request.Requester,
        DeadlineClass = command.Request.DeadlineClass,
        Allowed = terms.Allowed.ToDuration(),
        Ladder = { terms.Recorded() },
        Turn = command.Turn.Number,
        StartedAt = command.Turn.At.ToTimestamp(),
        DueAt = (command.Turn.At + terms.Allowed).ToTimestamp(),
        Node = command.Node,
    };

    private static RequestResumed Resume(RequestClock state, TakeTurn command) => new()
    {
        MessageId = command.Request.MessageId,
        Recipient = command.Request.Recipient,
        Turn = command.Turn.Number,
        By = command.Turn.By,
        At = command.Turn.At.ToTimestamp(),
        DueAt = (state with { Clock = state.Clock?.Resume(command.Turn.At) }).DueAt?.ToTimestamp(),
        Node = command.Node,
    };

    private static RequestClosed Close(RequestClock state, TakeTurn command, string reason)
    {
        var elapsed = state.Clock?.Elapsed(command.Turn.At) ?? TimeSpan.Zero;
        return new()
        {
            MessageId = command.Request.MessageId,
            Recipient = command.Request.Recipient,
            Turn = command.Turn.Number,
            By = command.Turn.By,
            At = command.Turn.At.ToTimestamp(),
            Reason = reason,
            Late = state.Started is { } started && elapsed > started.Allowed.ToTimeSpan(),
            Elapsed = elapsed.ToDuration(),
            Node = command.Node,
        };
    }

    private static Decision Step(RequestClock state, TakeStep command)
    {
        if (state is not { Started: { } started, Clock: { } clock, DueAt: { } dueAt, Closed: null }) return Decision.Nothing;
        var last = state.Steps.IsEmpty ? RequestStep.Unspecified : state.Steps[^1];
        if (RequestTerms.Of(started).Due(clock, last, command.At) is not { } due) return Decision.Nothing;
        return Decision.Of(RequestSteps.Take(command, due.Rung.Step, dueAt, due.DueAt));
    }
}
