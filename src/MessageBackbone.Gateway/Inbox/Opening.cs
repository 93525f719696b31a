using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Inbox;

/// <summary>A message as its officer reads it.</summary>
/// <param name="First">This is the first opening: the sender gets an OPENED receipt for it.</param>
public sealed record OpenedMessage(MessageHeader Header, SealedContent Content, bool First);

/// <summary>Its sender recalled it, and its content was deleted. The message says when and with which order.</summary>
public sealed class RecalledException(string message) : InvalidOperationException(message);

/// <summary>Opens a message on demand. The inbox keeps the sealed form; what is read here is held in memory only.</summary>
/// <remarks>Gives <paramref name="signal"/> when an OPENED receipt was stored.</remarks>
internal sealed class Opening(
    InboxStore inbox, NonDeliveries reports, RecallWords recalls, LateNotices notices, KeyRing keys, Signal signal, TimeProvider clock)
{
    /// <summary>Null when the inbox shows no such message. Throws <see cref="InvalidOperationException"/> when it cannot be opened any more.</summary>
    /// <param name="officer">A pseudonym that the bureau can resolve; goes to the sender with the receipt.</param>
    public async Task<OpenedMessage?> OpenAsync(MessageId id, string officer, CancellationToken cancellationToken)
    {
        if (!Patterns.IsOfficer(officer)) throw new ArgumentException("An officer is named by a pseudonym: [A-Za-z0-9._/ -]{1,64}.", nameof(officer));
        if (inbox.Find(id.Value) is not { } message) return null;
        using var activity = GatewayTelemetry.Source.StartActivity("open");
        activity?.SetTag("message.id", id.Value);
        if (message.Entry.IsDeleted) throw new RecalledException(recalls.WhyDeleted(message));
        var (header, content) = Read(message);
        if (message.Entry.OpenedAt is not null) return new OpenedMessage(header, content, First: false);
        var at = clock.GetUtcNow();
        var receipt = ReceiptBuilding.Delivery(
            header, message.HeaderSha256, keys.Bureau, DeliveryOutcome.Opened, "", officer, (ulong)message.Entry.Sequence, keys.Keys.Sign!, at);
        var first = await inbox.OpenAsync(message, officer, receipt, at, cancellationToken);
        if (first) signal.Give();
        // Recalled while it was being opened: the sender may have been told by now that nobody reads it any more.
        else if (inbox.Find(id.Value) is { Entry.IsDeleted: true } gone) throw new RecalledException(recalls.WhyDeleted(gone));
        return new OpenedMessage(header, content, first);
    }

    /// <summary>A message that was opened before, once more; null: there is none, or nobody opened it yet. Throws <see cref="InvalidOperationException"/> as
    /// <see cref="OpenAsync"/> does.</summary>
    public OpenedMessage? OpenedBefore(MessageId id)
    {
        if (inbox.Find(id.Value) is not { Entry.OpenedAt: not null } message) return null;
        if (message.Entry.IsDeleted) throw new RecalledException(recalls.WhyDeleted(message));
        var (header, content) = Read(message);
        return new OpenedMessage(header, content, First: false);
    }

    /// <summary>The header of a message in the inbox; it was verified when it came.</summary>
    public static MessageHeader Header(InboxMessage message) =>
        ReceiptBuilding.TryRead(message.Header, MessageHeader.Parser, out _, out var header, out var problem)
            ? header
            : throw new InvalidOperationException($"The inbox holds a header that cannot be read: {problem}");

    private (MessageHeader Header, SealedContent Content) Read(InboxMessage message)
    {
        var header = Header(message);
        var bytes = message.Body;
        if (header.BodyForm == BodyForm.Sealed)
        {
            if (!SealedBody.TryRead(message.Body, out var body, out var problem) || !body.TryOpen(keys.Keys.SealKeys, out bytes, out problem))
                throw new InvalidOperationException($"The message does not open with the keys that this gateway has now: {problem}");
        }
        if (!Digests.AreEqual(Digests.Sha256(bytes), header.ContentSha256.Span)) throw new InvalidOperationException("The inbox holds another content than was received.");
        var content = SealedContent.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes);
        // Control messages hold no words, only what was signed.
        if (Recalls.IsRecallKind(header.Kind)) return (header, recalls.Of(message, header, content));
        return (header, header.Kind switch
        {
            MessageOpening.NonDeliveryKind => reports.InWords(header, content),
            MessageOpening.EscalationKind => notices.InWords(header, content),
            _ => content,
        });
    }
}
