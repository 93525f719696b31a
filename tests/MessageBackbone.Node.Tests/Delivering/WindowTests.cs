using Google.Protobuf;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class WindowTests
{
    private const int Count = 100;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_window_of_one_holds_the_next_delivery_back_until_the_Recorded_of_the_one_before()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        for (var i = 0; i < Count; i++) await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        using var call = new DeliveryService.DeliveryServiceClient(house["DE"].Channel).Attend(cancellationToken: Cancel);
        var hello = new Hello { Bureau = "DE", Contract = 1, Window = new Window { Routine = 1, Priority = 1, Immediate = 1, Flash = 1 } };
        await call.RequestStream.WriteAsync(new FromGateway { Hello = hello }, Cancel);
        Assert.NotNull((await NextAsync(call.ResponseStream)).Welcome);

        for (var i = 0; i < Count; i++)
        {
            var delivery = (await NextAsync(call.ResponseStream)).Delivery;
            Assert.Equal((ulong)i + 1, delivery?.Sequence);
            await call.RequestStream.WriteAsync(new FromGateway { Receipt = Receipt(house, delivery!) }, Cancel);
            Assert.Equal(delivery!.DeliveryId, (await NextAsync(call.ResponseStream)).Recorded?.DeliveryId);
        }
    }

    private static async Task<ToGateway> NextAsync(Grpc.Core.IAsyncStreamReader<ToGateway> frames)
    {
        Assert.True(await frames.MoveNext(Cancel));
        return frames.Current;
    }

    private static Receipt Receipt(House house, Delivery delivery)
    {
        var (header, now) = (house["DE"].HeaderOf(delivery.Envelope), house.Clock.GetUtcNow());
        var receipt = new DeliveryReceipt
        {
            MessageId = header.MessageId,
            HeaderSha256 = ByteString.CopyFrom(Digests.Sha256(delivery.Envelope.Header.Span)),
            Recipient = "DE",
            Outcome = DeliveryOutcome.Delivered,
            At = house["DE"].Now,
            BodySha256 = header.BodySha256,
            Sequence = delivery.Sequence,
        };
        return new Receipt { DeliveryId = delivery.DeliveryId, Signed = ByteString.CopyFrom(ReceiptBuilding.Delivery(receipt, house["DE"].Keys.Sign!, now)) };
    }
}
