using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Bureaus;

public abstract record BureauCommand
{
    private protected BureauCommand() { }
}

/// <param name="TopicKnown">The directory has this topic.</param>
/// <param name="Allowed">The secretariat lets this bureau subscribe to it.</param>
public sealed record Subscribe(string Bureau, string Topic, bool TopicKnown, bool Allowed, DateTimeOffset At) : BureauCommand;

public sealed record Unsubscribe(string Bureau, string Topic, DateTimeOffset At) : BureauCommand;

/// <summary>The level of the contract that the bureau's gateway named in Hello.</summary>
public sealed record DeclareContract(string Bureau, uint Contract) : BureauCommand;

/// <summary>What a bureau does for itself. Stream <c>bureau-{code}</c>.</summary>
public sealed record Bureau
{
    public static readonly Bureau Silent = new();

    public ImmutableSortedSet<string> Topics { get; private init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>0: it never attended.</summary>
    public uint Contract { get; private init; }

    /// <summary>Events folded so far; 0 means no stream.</summary>
    public int Events { get; private init; }

    public static Decision Decide(Bureau state, BureauCommand command) => command switch
    {
        Subscribe { TopicKnown: false } => Decision.No(Reasons.FieldInvalid, "There is no such topic. The directory lists those that the secretariat opened.", "topic"),
        Subscribe { Allowed: false } => Decision.No(Reasons.ExchangeNotPermitted, "This topic is not open to your bureau. Ask the secretariat.", "topic"),
        Subscribe c when state.Topics.Contains(c.Topic) => Decision.Nothing,
        Subscribe c => Decision.Of(new Subscribed { Bureau = c.Bureau, Topic = c.Topic, At = c.At.ToTimestamp() }),
        Unsubscribe c when !state.Topics.Contains(c.Topic) => Decision.Nothing,
        Unsubscribe c => Decision.Of(new Unsubscribed { Bureau = c.Bureau, Topic = c.Topic, At = c.At.ToTimestamp() }),
        DeclareContract c when c.Contract == state.Contract => Decision.Nothing,
        DeclareContract c => Decision.Of(new ContractDeclared { Bureau = c.Bureau, Contract = c.Contract }),
        _ => throw new UnreachableException($"A bureau has no case for {command.GetType().Name}."),
    };

    public static Bureau Evolve(Bureau state, IMessage @event) => @event switch
    {
        Subscribed e => state with { Topics = state.Topics.Add(e.Topic), Events = state.Events + 1 },
        Unsubscribed e => state with { Topics = state.Topics.Remove(e.Topic), Events = state.Events + 1 },
        ContractDeclared e => state with { Contract = e.Contract, Events = state.Events + 1 },
        _ => throw new UnreachableException($"A bureau has no case for {@event.Descriptor.FullName}."),
    };
}
