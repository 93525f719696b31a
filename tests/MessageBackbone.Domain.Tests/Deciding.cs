using Google.Protobuf;

namespace MessageBackbone.Domain.Tests;

/// <summary>Runs commands through a decider one after another and checks the two properties that every decider keeps.</summary>
internal static class Deciding
{
    /// <summary>
    /// After each command that records facts, the same command adds none; and the state folded from all events, written and read as the log does, equals the one
    /// reached step by step.
    /// </summary>
    public static void KeepsBothProperties<TState, TCommand>(
        TState empty,
        IEnumerable<TCommand> commands,
        Func<TState, TCommand, Decision> decide,
        Func<TState, IMessage, TState> evolve,
        Func<TState, string> picture)
    {
        var state = empty;
        var log = new List<(string Name, byte[] Data)>();
        foreach (var command in commands)
        {
            if (decide(state, command) is not Decision.Record record)
            {
                continue;
            }

            state = record.Events.Aggregate(state, evolve);
            log.AddRange(record.Events.Select(e => (EventTypes.NameOf(e), e.ToByteArray())));
            Assert.IsNotType<Decision.Record>(decide(state, command));
        }

        var folded = log.Aggregate(empty, (before, stored) => evolve(before, EventTypes.Parse(stored.Name, stored.Data)));
        Assert.Equal(picture(state), picture(folded));
    }

    public static TEvent Only<TEvent>(this Decision decision)
        where TEvent : IMessage => Assert.IsType<TEvent>(Assert.Single(Assert.IsType<Decision.Record>(decision).Events));

    public static IReadOnlyList<IMessage> Facts(this Decision decision) => Assert.IsType<Decision.Record>(decision).Events;

    public static void IsRefused(this Decision decision, string reason, params string[] fields)
    {
        var rejection = Assert.IsType<Decision.Reject>(decision).Rejection;
        Assert.Equal(reason, rejection.Reason);
        Assert.Equal(fields, rejection.Fields);
        Assert.NotEmpty(rejection.Text);
    }

    public static void AddsNothing(this Decision decision) => Assert.IsType<Decision.Repeat>(decision);
}
