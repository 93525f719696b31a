using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests;

/// <summary>Orders to recall and statements, as gateways would send them; and such as only a gateway that keeps no rule would.</summary>
internal static class RecallMessages
{
    private const string Reason = "SENT_IN_ERROR";

    public static RecallOrder OrderOf(this House house, Envelope recalled) => new()
    {
        MessageId = house.Secretariat.HeaderOf(recalled).MessageId,
        HeaderSha256 = ByteString.CopyFrom(Digests.Sha256(recalled.Header.Span)),
        Reason = Reason,
        At = house.Clock.GetUtcNow().ToTimestamp(),
    };

    public static RecallStatement StatementOf(this House house, Envelope recalled, string recipient) => new()
    {
        MessageId = house.Secretariat.HeaderOf(recalled).MessageId,
        HeaderSha256 = ByteString.CopyFrom(Digests.Sha256(recalled.Header.Span)),
        Reason = Reason,
        At = house.Clock.GetUtcNow().ToTimestamp(),
        Recipient = recipient,
        State = RecallState.Deleted,
    };

    /// <summary>An order of a bureau, by default to every recipient of the recalled message.</summary>
    public static Envelope Order(this House house, string from, Envelope recalled, Action<MessageHeader>? change = null, RecallOrder? order = null, Party? signer = null)
    {
        var header = house[from].HeaderOf(recalled);
        return Compose(house, from, order ?? house.OrderOf(recalled), signer, made =>
        {
            (made.Kind, made.InReplyTo, made.ConversationId, made.BodyForm) = (Recalls.OrderKind, header.MessageId, header.ConversationId, BodyForm.Clear);
            made.To.AddRange(header.To);
            change?.Invoke(made);
        });
    }

    /// <summary>A statement of a bureau about an order.</summary>
    public static Envelope Statement(
        this House house, string from, Envelope order, RecallStatement statement, Action<MessageHeader>? change = null, Party? signer = null)
    {
        var header = house[from].HeaderOf(order);
        return Compose(house, from, statement, signer, made =>
        {
            (made.Kind, made.InReplyTo, made.ConversationId, made.BodyForm) = (Recalls.StatementKind, header.MessageId, header.ConversationId, BodyForm.Clear);
            made.To.Add(header.From);
            change?.Invoke(made);
        });
    }

    private static Envelope Compose(House house, string from, IMessage content, Party? signer, Action<MessageHeader> change)
    {
        var party = house[from];
        var before = party.Content;
        party.Content = new SealedContent
        {
            Data = ByteString.CopyFrom(ReceiptBuilding.Sign(content, (signer ?? party).Keys.Sign!, house.Clock.GetUtcNow())),
            MediaType = NonDelivery.MediaType,
        };
        try
        {
            return party.Compose([], change);
        }
        finally
        {
            party.Content = before;
        }
    }
}
