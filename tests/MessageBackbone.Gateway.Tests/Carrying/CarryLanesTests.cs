using MessageBackbone.Gateway.Carrying;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Carrying;

public sealed class CarryLanesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_import_keeps_no_receipt_in_memory_that_it_has_stored()
    {
        const int Messages = 20;
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var germany = await Courier.WithoutLineAsync(house, "DE");
        await courier.ToBureauAsync(germany);
        for (var i = 0; i < Messages; i++) await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        var reader = await CarryReader.OpenAsync(new MemoryStream((await courier.FromNodeAsync("DE")).File), Cancel);
        await using var lanes = germany.Parts.CarriedInbox(Cancel);

        var at = "";
        await foreach (var record in reader.ReadAsync(Cancel))
        {
            if (record.Welcome is { } welcome) at = welcome.House;
            if (record.Delivery is { } delivery) await lanes.TakeAsync(delivery, at);
        }
        await lanes.FinishAsync();

        Assert.Equal(((ulong)Messages, 0), (lanes.Taken, lanes.Unanswered));
        Assert.Equal(Messages, germany.Parts.Receipts.CountToSend());
    }

    [Fact]
    public void Lanes_that_count_at_the_same_time_lose_nothing()
    {
        const int Each = 1_000_000;
        var counts = new CarryCounts();
        GatewayEvent.Received[] kinds = [Received(DeliveryOutcome.Delivered, false), Received(DeliveryOutcome.Delivered, true), Received(DeliveryOutcome.Quarantined, false)];

        Parallel.For(0, 3 * Each, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => counts.Add(kinds[i % 3]));
        Parallel.For(0, Each, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => counts.GiveUp());

        Assert.Equal((1ul * Each, 1ul * Each, 2ul * Each), (counts.Taken, counts.Repeated, counts.Refused));
    }

    private static GatewayEvent.Received Received(DeliveryOutcome outcome, bool repeated) => new(
        MessageId.New(DateTimeOffset.UnixEpoch), BureauCode.Parse("FR"), Precedence.Routine, outcome, "", 1, 1, repeated, DateTimeOffset.UnixEpoch);
}
