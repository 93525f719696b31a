using System.Diagnostics;
using Google.Protobuf;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Messages;

/// <summary>One message id: unknown, or accepted once for good. Stream <c>message-{id}</c>.</summary>
public sealed record Message
{
    public static readonly Message Unknown = new();

    /// <summary>The acceptance; null while the id is unknown.</summary>
    public Accepted? Acceptance { get; private init; }

    /// <summary>Orders to recall it, by the ids of the messages that brought them.</summary>
    public IReadOnlyList<string> RecallOrders { get; private init; } = [];

    /// <summary>The command's facts are verified: signature, fields, body and policy were judged before.</summary>
    public static Decision Decide(Message state, Accept command) => state.Acceptance switch
    {
        null => Decision.Of(command.Facts),
        var first when IsRepeat(first, command.Facts.Content.From, command.Facts.HeaderSha256) => Decision.Nothing,
        _ => Decision.No(Reasons.DuplicateIdDifferentBytes, "Another message has this id. Give this one a new message_id and sign it again.", "message_id"),
    };

    /// <summary>Every order is recorded once. Verified before: by <see cref="RecallRules"/>, when it was accepted.</summary>
    public static Decision Decide(Message state, OrderRecall command)
    {
        if (state.Acceptance is null)
        {
            return Decision.No(Reasons.UnknownMessage, "There is no such message to recall.", "message_id");
        }

        return state.RecallOrders.Contains(command.Facts.OrderId) ? Decision.Nothing : Decision.Of(command.Facts);
    }

    /// <summary>The same sender sent the same header bytes: it gets the first receipt, whatever has expired or was revoked since.</summary>
    public static bool IsRepeat(Accepted first, string from, ByteString headerSha256) =>
        first.Content.From == from && first.HeaderSha256.Equals(headerSha256);

    public static Message Evolve(Message state, IMessage @event) => @event switch
    {
        Accepted accepted => state with { Acceptance = accepted },
        RecallOrdered ordered => state with { RecallOrders = [.. state.RecallOrders, ordered.OrderId] },
        _ => throw new UnreachableException($"A message has no case for {@event.Descriptor.FullName}."),
    };
}

/// <summary>Record this message.</summary>
public sealed record Accept(Accepted Facts);

/// <summary>Record that its sender recalls it.</summary>
public sealed record OrderRecall(RecallOrdered Facts);
