using System.Security.Cryptography;
using Google.Protobuf;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class SlowGatewayTests
{
    private const long MostMore = 12 << 20;
    private const int MostFrames = 20_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_gateway_that_never_sends_a_receipt_costs_its_window_and_holds_up_nobody_else()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        house["FR"].Content = SixtyKilobytes();
        using var silent = await Attending.OpenAsync(house, "DE", Everything());
        using var good = await Attending.OpenAsync(house, "ES");
        await ServeAsync(house, good, 10);
        var before = Settled();

        // Some 24 MB of bodies, of which the node may hold a window's worth of acceptances and the few that are ready.
        await ServeAsync(house, good, 400);

        Assert.InRange(Settled() - before, long.MinValue, MostMore);
        Assert.Equal(410, await house.CountAsync("delivery.delivered.v1"));
    }

    [Fact]
    public async Task A_gateway_that_does_not_read_gives_up_its_place_to_the_next_one()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        house["FR"].Content = SixtyKilobytes();
        var sent = Enumerable.Range(0, 60).Select(_ => house["FR"].Compose(house["DE"], header => header.Precedence = Precedence.Routine)).ToList();
        foreach (var message in sent) await house["FR"].SubmitAsync(message);
        // Some 3.6 MB are on their way to it, and it reads nothing after Welcome: the node's write stands still.
        using var stuck = await Attending.OpenAsync(house, "DE");

        using var next = await Attending.OpenAsync(house, "DE");

        foreach (var message in sent)
        {
            var delivery = await next.DeliveryAsync();
            Assert.Equal(message, delivery.Envelope);
            await next.RecordAsync(delivery);
        }
    }

    [Fact]
    public async Task Receipts_without_end_and_never_an_answer_read_are_held_back_not_held()
    {
        await using var house = await House.OpenAsync(options => options.Delivering.ReceiptsInFlight = 4, "FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.DeliveryAsync();
        var before = Settled();
        var frame = new FromGateway { Receipt = new Receipt { DeliveryId = new string('x', 100), Signed = ByteString.CopyFrom(new byte[6_000]) } };

        // The answers fill the pipe first, then the node has no place for another receipt and reads no more, and then no frame can be sent.
        var sent = await SendUntilHeldBackAsync(attending, frame);

        Assert.InRange(Settled() - before, long.MinValue, MostMore);
        Assert.InRange(sent, 1, MostFrames - 1);
        attending.Dispose();
        using var after = await Attending.OpenAsync(house, "DE");
        await after.RecordAsync(await after.DeliveryAsync());
    }

    private static async Task<int> SendUntilHeldBackAsync(Attending attending, FromGateway frame)
    {
        for (var sent = 0; sent < MostFrames; sent++)
        {
            var sending = attending.SendAsync(frame);
            if (await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(1), Cancel)) != sending) return sent;
            await sending;
        }

        return MostFrames;
    }

    private static async Task ServeAsync(House house, Attending good, int count)
    {
        var sending = Parallel.ForAsync(0, count, Cancel, async (_, _) =>
            await house["FR"].SubmitAsync(house["FR"].Compose([house["DE"], house["ES"]], header => header.Precedence = Precedence.Routine)));
        for (var i = 0; i < count; i++) await good.RecordAsync(await good.DeliveryAsync());
        await sending;
    }

    private static SealedContent SixtyKilobytes() =>
        new() { Data = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(60_000)), MediaType = "application/octet-stream" };

    private static Window Everything() => new() { Routine = uint.MaxValue, Flash = uint.MaxValue };

    private static long Settled()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
