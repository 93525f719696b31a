using Google.Protobuf;

namespace MessageBackbone.Domain;

/// <summary>What a decider says to a command. Deciding the same command again after its facts were recorded adds no fact.</summary>
public abstract record Decision
{
    private Decision() { }

    /// <summary>New facts, to be appended in one go at the revision that the state was folded to.</summary>
    public sealed record Record(IReadOnlyList<IMessage> Events) : Decision;

    /// <summary>It was recorded before: answer as then.</summary>
    public sealed record Repeat : Decision;

    /// <summary>It may not happen; nothing is recorded.</summary>
    public sealed record Reject(Rejection Rejection) : Decision;

    public static readonly Decision Nothing = new Repeat();

    public static Decision Of(params IReadOnlyList<IMessage> events) => new Record(events);

    public static Decision No(string reason, string text, params IReadOnlyList<string> fields) => new Reject(new Rejection(reason, text, fields));
}

/// <summary>A refusal as a value: a reason of wire.md §7, what to do next, and the fields at fault.</summary>
public sealed record Rejection(string Reason, string Text, IReadOnlyList<string> Fields);
