using System.Collections.Concurrent;
using Google.Protobuf;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Receiving;

/// <summary>Receipts that were signed with a key that does not count any more when the node sees them (decision 0065).</summary>
public sealed class RefusedSignerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_receipt_of_a_revoked_key_says_the_same_under_the_new_key_and_ends_its_delivery()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (between, receipts) = await HoldFirstBackAsync(house);
        var germany = await house.AttendAsync("DE", node: between.Address);
        await ReceiveAsync(house, between, receipts);

        await house.EnrolNewAsync("DE", CertificateUse.Sign);
        await house.Node.RevokeAsync(house["DE"].Keys.Sign!.RawData);
        between.CutAttendances();

        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>();
        Assert.Equal(Reasons.CertificateNotValid, (await germany.SeesAsync<GatewayEvent.ReceiptRefused>()).Reason);
        var signed = receipts.Distinct().Select(Read).ToList();
        Assert.Equal(2, signed.Count);
        Assert.Equal(signed[0].Content, signed[1].Content);
        Assert.NotEqual(signed[0].Certificate, signed[1].Certificate);
        Assert.Equal(1, await house.Node.CountAsync("delivery.delivered.v1"));
        Assert.Equal(1, germany.Parts.Inbox.Count().Shown);
        Assert.Equal(0, germany.Parts.Receipts.CountToSend());
    }

    [Fact]
    public async Task A_receipt_whose_signer_is_refused_waits_for_a_new_key_on_the_stream_that_is_there()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (between, receipts) = await HoldFirstBackAsync(house);
        var germany = await house.AttendAsync("DE", node: between.Address);
        await ReceiveAsync(house, between, receipts);
        await house.Node.RevokeAsync(house["DE"].Keys.Sign!.RawData);
        between.CutAttendances();
        await germany.SeesAsync<GatewayEvent.ReceiptRefused>();
        Assert.Equal(1, germany.Parts.Receipts.CountToSend());
        var attendances = Attendances(germany);

        await house.EnrolNewAsync("DE", CertificateUse.Sign);

        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>();
        Assert.Equal(attendances, Attendances(germany));
        Assert.Equal(1, await house.Node.CountAsync("delivery.delivered.v1"));
    }

    private static async Task<(FalseNode Between, ConcurrentQueue<ByteString> Receipts)> HoldFirstBackAsync(GatewayHouse house)
    {
        var between = await house.StandBetweenAsync("DE");
        var receipts = new ConcurrentQueue<ByteString>();
        between.FromGateway = frame =>
        {
            if (frame.Receipt is not { } receipt) return true;
            receipts.Enqueue(receipt.Signed);
            return receipts.Count > 1;
        };
        return (between, receipts);
    }

    /// <summary>DE has a message, and a receipt for it that the node never saw.</summary>
    private static async Task ReceiveAsync(GatewayHouse house, FalseNode between, ConcurrentQueue<ByteString> receipts)
    {
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        while (between.Passed is { } next && receipts.IsEmpty) await next.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    private static int Attendances(RunningGateway gateway) => gateway.Seen.OfType<GatewayEvent.Attendance>().Count();

    private static (DeliveryReceipt Content, ByteString Certificate) Read(ByteString signed) =>
        ReceiptBuilding.TryRead(signed.Memory, DeliveryReceipt.Parser, out var read, out var content, out var problem)
            ? (content, ByteString.CopyFrom(read.CertificateDer.Span))
            : throw new InvalidDataException(problem);
}
