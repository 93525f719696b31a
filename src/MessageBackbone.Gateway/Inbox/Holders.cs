using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Inbox;

/// <summary>What the node says of a delivery, as far as it tells who holds the message.</summary>
/// <param name="EndedAsRecalled">The delivery ended before a receipt came.</param>
/// <param name="MayBeThere">It was handed out, on a stream or in a carry file, and no verified receipt says that it was refused. A file on its way, or what a
/// gateway had in hand when the order came, may still be taken and read.</param>
internal readonly record struct KnownDelivery(bool EndedAsRecalled, bool MayBeThere);

/// <summary>Who holds a recalled message, as far as it is known.</summary>
/// <param name="State">queued, refused, asked_back, recalled_before_delivery, deleted, not_held or retained.</param>
/// <param name="StillHolds">yes, no or unknown.</param>
/// <param name="StatementId">The recipient's signed answer in the inbox; empty: there is none yet.</param>
internal sealed record Holding(
    string Recipient, string State, string StillHolds, string Reason, string LegalBasis, DateTimeOffset OrderedAt, DateTimeOffset? StatedAt, string OrderId,
    string StatementId);

/// <summary>Puts together this bureau's orders to recall a message and the statements that came back.</summary>
internal sealed class Holders(InboxStore inbox, OutboxStore outbox, Recalling recalling)
{
    /// <summary>Everybody who was asked, by code; empty: the message was not recalled.</summary>
    /// <param name="known">Of the recipients that the node told of; empty where it cannot be asked.</param>
    public IReadOnlyList<Holding> Of(OutboxEntry sent, IReadOnlyDictionary<string, KnownDelivery> known)
    {
        var orders = recalling.Of(sent.MessageId);
        if (orders.Count == 0) return [];
        var statements = StatementsOf(sent);
        return [.. orders.SelectMany(order => order.Order.Recipients).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(recipient => Of(recipient, orders, statements.GetValueOrDefault(recipient), known.GetValueOrDefault(recipient)))];
    }

    private static Holding Of(
        string recipient, IReadOnlyList<(SentOrder Order, OutboxState State)> orders, (RecallStatement Said, string Id) answer, KnownDelivery known)
    {
        // The newest order that the node took, or else the newest at all.
        var mine = orders.Where(order => order.Order.Recipients.Contains(recipient)).ToList();
        var (newest, state) = mine.FirstOrDefault(order => order.State == OutboxState.Accepted, mine[0]);
        if (answer.Said is { } said)
            return new Holding(
                recipient, EnumNames.Of(said.State), said.State == RecallState.Retained ? "yes" : "no", newest.Reason, said.LegalBasis, newest.At,
                said.At.ToDateTimeOffset(), newest.OrderId, answer.Id);
        var (what, holds) = state switch
        {
            OutboxState.Waiting => ("queued", "unknown"),
            OutboxState.Refused => ("refused", "unknown"),
            _ when known is { EndedAsRecalled: true, MayBeThere: false } => ("recalled_before_delivery", "no"),
            _ => ("asked_back", "unknown"),
        };
        return new Holding(recipient, what, holds, newest.Reason, "", newest.At, null, newest.OrderId, "");
    }

    // What does not verify, or is about another header, says nothing. The newest of each recipient counts.
    private Dictionary<string, (RecallStatement Said, string Id)> StatementsOf(OutboxEntry sent)
    {
        var found = new Dictionary<string, (RecallStatement, string)>(StringComparer.Ordinal);
        if (!ReceiptBuilding.TryRead(outbox.Header(sent.Row), MessageHeader.Parser, out _, out var recalled, out _)) return found;
        foreach (var message in inbox.Statements(recalled.ConversationId))
            if (RecallWords.Statement(message) is { } said && said.MessageId == sent.MessageId && said.HeaderSha256.Span.SequenceEqual(sent.HeaderSha256))
                found[said.Recipient] = (said, message.Entry.MessageId);
        return found;
    }
}
