using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Operations;

/// <summary>What operators order or say about the nodes themselves.</summary>
public abstract record OperationsCommand
{
    private protected OperationsCommand() { }
}

/// <summary>A node is to take no new submissions.</summary>
/// <param name="Operator">SAN URI.</param>
/// <param name="Reason">A code; empty: none.</param>
/// <param name="RetryAfter">What refused senders are told.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record OrderDrain(string Operator, string Reason, TimeSpan RetryAfter, DateTimeOffset At, string Node) : OperationsCommand;

/// <summary>A node takes submissions again.</summary>
/// <param name="Operator">SAN URI; the node's own after a start.</param>
/// <param name="Reason">A code; empty: none.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record EndDrain(string Operator, string Reason, DateTimeOffset At, string Node) : OperationsCommand;

/// <summary>An operator has seen an alert and deals with it.</summary>
/// <param name="Alert">Its kind and subject.</param>
/// <param name="Operator">SAN URI.</param>
/// <param name="Until">Until then nobody need be told again.</param>
/// <param name="At">Now, by the clock of <paramref name="Node"/>.</param>
public sealed record Acknowledge(string Alert, string Operator, DateTimeOffset At, DateTimeOffset Until, string Node) : OperationsCommand;

/// <summary>What operators ordered of the nodes of a house, and which alerts they acknowledged. Stream <c>operations</c>.</summary>
public sealed record NodeOperations
{
    private const int LongestAlert = 200;

    public static readonly NodeOperations None = new();

    /// <summary>The shortest and the longest time that a refused sender may be told.</summary>
    public static readonly (TimeSpan Least, TimeSpan Most) RetryAfter = (TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));

    private static readonly SearchValues<char> AlertCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./:_-");

    /// <summary>By node, each order to drain that was not ended.</summary>
    public ImmutableDictionary<string, DrainOrdered> Drains { get; private init; } = ImmutableDictionary.Create<string, DrainOrdered>(StringComparer.Ordinal);

    /// <summary>By alert, when it was acknowledged last.</summary>
    public ImmutableDictionary<string, AlertAcknowledged> Acknowledged { get; private init; } =
        ImmutableDictionary.Create<string, AlertAcknowledged>(StringComparer.Ordinal);

    /// <summary>Whether that may name an alert: <c>[a-z0-9./:A-Z_-]{1,200}</c>.</summary>
    public static bool IsAlert(string? text) => text is { Length: > 0 and <= LongestAlert } && !text.AsSpan().ContainsAnyExcept(AlertCharacters);

    public static Decision Decide(NodeOperations state, OperationsCommand command) => command switch
    {
        OrderDrain order => Decide(state, order),
        EndDrain end => Decide(state, end),
        Acknowledge acknowledge => Decide(state, acknowledge),
        _ => throw new UnreachableException($"Operations have no case for {command.GetType().Name}."),
    };

    public static NodeOperations Evolve(NodeOperations state, IMessage @event) => @event switch
    {
        DrainOrdered e => state with { Drains = state.Drains.SetItem(e.Node, e) },
        DrainEnded e => state with { Drains = state.Drains.Remove(e.Node) },
        AlertAcknowledged e => state with { Acknowledged = state.Acknowledged.SetItem(e.Alert, e) },
        _ => throw new UnreachableException($"Operations have no case for {@event.Descriptor.FullName}."),
    };

    private static Decision Decide(NodeOperations state, OrderDrain command)
    {
        if (NoCode(command.Reason) is { } noCode) return noCode;
        if (command.RetryAfter < RetryAfter.Least || command.RetryAfter > RetryAfter.Most)
            return Decision.No(Reasons.FieldInvalid, "Senders are told a time from 1 s to 1 h.", "retry_after");
        var after = command.RetryAfter.ToDuration();
        // Another time to tell is another order; the same once more is not.
        return state.Drains.TryGetValue(command.Node, out var ordered) && ordered.RetryAfter.Equals(after)
            ? Decision.Nothing
            : Decision.Of(new DrainOrdered
            {
                Operator = command.Operator,
                Reason = command.Reason,
                At = command.At.ToTimestamp(),
                Node = command.Node,
                RetryAfter = after,
            });
    }

    private static Decision Decide(NodeOperations state, EndDrain command)
    {
        if (NoCode(command.Reason) is { } noCode) return noCode;
        return !state.Drains.ContainsKey(command.Node)
            ? Decision.Nothing
            : Decision.Of(new DrainEnded { Operator = command.Operator, Reason = command.Reason, At = command.At.ToTimestamp(), Node = command.Node });
    }

    private static Decision Decide(NodeOperations state, Acknowledge command)
    {
        if (!IsAlert(command.Alert)) return Decision.No(Reasons.FieldInvalid, "An alert is named by 1 to 200 letters, digits, and . / : _ -.", "alert");
        var acknowledged = new AlertAcknowledged
        {
            Alert = command.Alert,
            Operator = command.Operator,
            At = command.At.ToTimestamp(),
            Node = command.Node,
            Until = command.Until.ToTimestamp(),
        };
        return acknowledged.Equals(state.Acknowledged.GetValueOrDefault(command.Alert)) ? Decision.Nothing : Decision.Of(acknowledged);
    }

    private static Decision? NoCode(string reason) => reason.Length == 0 || Patterns.IsReasonCode(reason)
        ? null : Decision.No(Reasons.FieldInvalid, "A reason is a code like PLANNED_STOP: [A-Z_]{1,64}.", "reason");
}
