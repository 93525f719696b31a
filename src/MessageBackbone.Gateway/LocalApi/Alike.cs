using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>An earlier message with the same reference, sender, recipients and day. A hint for people: nothing is suppressed or changed for it.</summary>
internal sealed class Alike(InboxStore inbox, OutboxStore outbox)
{
    /// <summary>The newest earlier message in the inbox that this one looks like; null: none.</summary>
    public LooksLikeShape? Of(InboxEntry received)
    {
        if (received.Reference.Length == 0 || ControlKinds.Has(received.Kind)) return null; // those carry the reference of the message that they are about
        var earlier = inbox.Earlier(received);
        if (earlier.Count == 0 || inbox.Find(received.MessageId) is not { } whole) return null;
        var own = Facts(Opening.Header(whole));
        return earlier.Where(other => !ControlKinds.Has(other.Entry.Kind) && Facts(Opening.Header(other)).SequenceEqual(own, StringComparer.Ordinal))
            .Select(other => new LooksLikeShape(other.Entry.MessageId, other.Entry.ReceivedAt)).FirstOrDefault();
    }

    /// <summary>The newest earlier message in the outbox that this one looks like; null: none.</summary>
    public LooksLikeShape? Of(OutboxEntry sent)
    {
        if (sent.Reference.Length == 0 || ControlKinds.Has(sent.Kind)) return null;
        var earlier = outbox.Earlier(sent);
        if (earlier.Count == 0) return null;
        var own = Facts(Header(sent));
        return earlier.Where(other => !ControlKinds.Has(other.Kind) && Facts(Header(other)).SequenceEqual(own, StringComparer.Ordinal))
            .Select(other => new LooksLikeShape(other.MessageId, other.QueuedAt)).FirstOrDefault();
    }

    private MessageHeader Header(OutboxEntry sent) =>
        ReceiptBuilding.TryRead(outbox.Header(sent.Row), MessageHeader.Parser, out _, out var header, out var problem)
            ? header
            : throw new InvalidOperationException($"The outbox holds a header that cannot be read: {problem}");

    private static IEnumerable<string> Facts(MessageHeader header) =>
        [$"{header.CreatedAt.Seconds / 86_400}", .. header.To.Concat(header.Info).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
