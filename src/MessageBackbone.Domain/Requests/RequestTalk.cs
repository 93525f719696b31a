using System.Collections.Immutable;
using System.Diagnostics;

namespace MessageBackbone.Domain.Requests;

/// <summary>What the log says that concerns a clock. Messages by their ids. A closed set.</summary>
public abstract record RequestCause
{
    private RequestCause() { }

    /// <summary>The recipient took the request over.</summary>
    public sealed record Delivered(DateTimeOffset At) : RequestCause;

    /// <summary>The recipient's question was accepted.</summary>
    public sealed record Asked(string Question, DateTimeOffset At) : RequestCause;

    /// <summary>An answer to a question was delivered to the recipient.</summary>
    /// <param name="Question">Which; empty: it answers the request's message itself, and so every question.</param>
    public sealed record Clarified(string By, string Question, DateTimeOffset At) : RequestCause;

    /// <summary>The recipient's answer to the request was accepted.</summary>
    public sealed record Answered(string By, DateTimeOffset At) : RequestCause;

    /// <summary>The requester's order to recall the request was recorded, and names this recipient.</summary>
    public sealed record Recalled(string By, DateTimeOffset At) : RequestCause;

    /// <summary>The delivery ended without DELIVERED: refused, expired, or gone to an alternate.</summary>
    public sealed record Undelivered : RequestCause;
}

public enum RequestTurnKind
{
    None = 0,
    Start,
    Pause,
    Resume,
    Close,
}

/// <summary>What a clock does because of a cause.</summary>
/// <param name="Number">1, 2, 3 … of one clock. The same on every node, for it follows from the log's order alone.</param>
/// <param name="By">The message that led to it; empty with the start.</param>
/// <param name="Reason">Of a close.</param>
public readonly record struct RequestTurn(uint Number, RequestTurnKind Kind, string By, DateTimeOffset At, string Reason = "");

public enum RequestStage
{
    /// <summary>Not delivered yet.</summary>
    Waiting = 0,
    Open,
    /// <summary>Nothing turns it any more.</summary>
    Over,
}

/// <summary>What was said about one request between its requester and one recipient, folded from the log's causes in their order.</summary>
/// <param name="Turns">How many turns it has led to so far.</param>
/// <param name="Questions">The recipient's open questions, the oldest first. While there is one, the clock stands.</param>
public sealed record RequestTalk(RequestStage Stage, uint Turns, ImmutableList<string> Questions)
{
    public const string IsAnswered = "ANSWERED", IsRecalled = "RECALLED", ClassUnknown = "CLASS_UNKNOWN";

    public static readonly RequestTalk New = new(RequestStage.Waiting, 0, []);

    /// <returns>The talk after it, and the turns that it leads to, in order.</returns>
    public (RequestTalk Talk, IReadOnlyList<RequestTurn> Turns) Hear(RequestCause cause) => (Stage, cause) switch
    {
        (RequestStage.Over, _) => (this, []),
        (RequestStage.Waiting, RequestCause.Delivered c) => Begin(c.At),
        (_, RequestCause.Asked c) when Questions.Contains(c.Question) => (this, []),
        (_, RequestCause.Asked c) => With(Questions.Add(c.Question), c.Question, c.At),
        (_, RequestCause.Clarified c) => With(c.Question.Length == 0 ? [] : Questions.Remove(c.Question), c.By, c.At),
        (_, RequestCause.Answered c) => End(c.By, c.At, IsAnswered),
        (RequestStage.Open, RequestCause.Recalled c) => End(c.By, c.At, IsRecalled),
        // It never began: there is nothing to close.
        (RequestStage.Waiting, RequestCause.Recalled or RequestCause.Undelivered) => (this with { Stage = RequestStage.Over }, []),
        (RequestStage.Open, RequestCause.Delivered or RequestCause.Undelivered) => (this, []),
        _ => throw new UnreachableException($"A request has no case for {cause.GetType().Name}."),
    };

    // A question may be recorded before the receipt of what it asks about: then the clock stands from its start.
    private (RequestTalk, IReadOnlyList<RequestTurn>) Begin(DateTimeOffset at)
    {
        var begun = this with { Stage = RequestStage.Open, Turns = Turns + 1 };
        var start = new RequestTurn(begun.Turns, RequestTurnKind.Start, "", at);
        return Questions.IsEmpty ? (begun, [start]) : (begun with { Turns = Turns + 2 }, [start, new(Turns + 2, RequestTurnKind.Pause, Questions[0], at)]);
    }

    private (RequestTalk, IReadOnlyList<RequestTurn>) With(ImmutableList<string> questions, string by, DateTimeOffset at)
    {
        var kind = (Questions.IsEmpty, questions.IsEmpty) switch
        {
            (true, false) => RequestTurnKind.Pause,
            (false, true) => RequestTurnKind.Resume,
            _ => RequestTurnKind.None,
        };
        return Stage == RequestStage.Waiting || kind == RequestTurnKind.None
            ? (this with { Questions = questions }, [])
            : (this with { Questions = questions, Turns = Turns + 1 }, [new(Turns + 1, kind, by, at)]);
    }

    private (RequestTalk, IReadOnlyList<RequestTurn>) End(string by, DateTimeOffset at, string reason) =>
        (this with { Stage = RequestStage.Over, Turns = Turns + 1 }, [new(Turns + 1, RequestTurnKind.Close, by, at, reason)]);
}
