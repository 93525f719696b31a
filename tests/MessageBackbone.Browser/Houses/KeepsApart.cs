using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Browser.Houses;

/// <summary>A bureau's gateway that can process nothing.</summary>
internal static class KeepsApart
{
    /// <summary>Takes the next delivery and says that it is kept apart.</summary>
    public static async Task OneAsync(House house, Party party)
    {
        var stop = TestContext.Current.CancellationToken;
        using var attendance = new DeliveryService.DeliveryServiceClient(party.Channel).Attend(cancellationToken: stop);
        await attendance.RequestStream.WriteAsync(new FromGateway { Hello = new Hello { Bureau = party.Name, Contract = 1 } }, stop);
        while (await attendance.ResponseStream.MoveNext(stop) && attendance.ResponseStream.Current is var frame && frame.Recorded is null)
        {
            if (frame.Delivery is not { } delivery) continue;
            var header = party.HeaderOf(delivery.Envelope);
            var receipt = new DeliveryReceipt
            {
                MessageId = header.MessageId,
                HeaderSha256 = ByteString.CopyFrom(Digests.Sha256(delivery.Envelope.Header.Span)),
                Recipient = party.Name,
                Outcome = DeliveryOutcome.Quarantined,
                Reason = "CANNOT_OPEN",
                At = house.Clock.GetUtcNow().ToTimestamp(),
                BodySha256 = header.BodySha256,
            };
            var signed = ByteString.CopyFrom(ReceiptBuilding.Sign(receipt, party.Keys.Sign!, house.Clock.GetUtcNow()));
            await attendance.RequestStream.WriteAsync(new FromGateway { Receipt = new Receipt { DeliveryId = delivery.DeliveryId, Signed = signed } }, stop);
        }
    }
}
