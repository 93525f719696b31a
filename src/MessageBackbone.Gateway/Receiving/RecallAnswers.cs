using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>Reads an order to recall out of a delivery that passed its checks, and makes the statement that answers it.</summary>
internal sealed class RecallAnswers(KeyRing keys, GatewayOptions options, TimeProvider clock)
{
    /// <summary>Null: the delivery is no order, or one that does not verify; then it is shown as such and does nothing.</summary>
    public ReceivedOrder? OrderIn(OpeningOutcome.Opened opened, ILogger log)
    {
        var header = opened.Header;
        if (header.Kind != Recalls.OrderKind) return null;
        if (!Recalls.TryReadOrder(opened.Signed, header, opened.Content, out var order, out var problem))
        {
            GatewayLog.OrderNotVerified(log, header.MessageId, problem);
            return null;
        }
        return new ReceivedOrder(
            header.MessageId, order.MessageId, order.HeaderSha256.ToByteArray(), header.From, clock.GetUtcNow(), options.RetainOpenedOn,
            (state, basis) => Statement(header, order, state, basis));
    }

    private SignedMessage Statement(MessageHeader header, RecallOrder order, RecallState state, string basis)
    {
        var at = clock.GetUtcNow();
        var id = MessageId.New(at);
        var statement = new RecallStatement
        {
            MessageId = order.MessageId,
            HeaderSha256 = order.HeaderSha256,
            Reason = order.Reason,
            At = at.ToTimestamp(),
            Recipient = keys.Bureau.Value,
            State = state,
            LegalBasis = basis,
        };
        return SignedMessages.Of(Recalls.Compose(statement, header, keys.Keys.Sign!, id, at));
    }
}
