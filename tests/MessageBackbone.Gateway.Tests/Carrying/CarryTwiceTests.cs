using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Gateway.Tests.Carrying;

/// <summary>The same bytes lie in more than one file: whatever answers them, the recipient gets one message.</summary>
public sealed class CarryTwiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_was_ahead_of_the_nodes_clock_in_one_file_and_not_in_the_next_is_one_message()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var ahead = new ShiftedClock();
        ahead.Advance(TimeSpan.FromMinutes(30));
        var france = await Courier.WithoutLineAsync(house, "FR", clock: ahead);
        await courier.ToBureauAsync(france);
        var id = await france.SendAsync("DE");
        var (first, second) = (await Courier.ExportAsync(france), await Courier.ExportAsync(france));

        Assert.Equal(1ul, (await courier.ToNodeAsync(first)).Refused);
        house.Node.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(1ul, (await courier.ToNodeAsync(second)).Taken);
        // Both answers in one file, in their order.
        await courier.ToBureauAsync(france);

        await france.AcceptedAsync(id);
        Assert.Equal(OutboxState.Accepted, Assert.Single(france.Parts.Outbox.List(long.MaxValue, 10)).State);
        Assert.Empty((await france.Parts.Carry.WriteAsync(0, 0, Cancel)).Messages);
        Assert.Equal(1, await house.Node.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task What_is_ahead_of_the_nodes_clock_waits_on_with_the_same_bytes_and_is_told()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var ahead = new ShiftedClock();
        ahead.Advance(TimeSpan.FromMinutes(30));
        var france = await Courier.WithoutLineAsync(house, "FR", o => o.SignAgain = 1, ahead);
        await courier.ToBureauAsync(france);
        var id = await france.SendAsync("DE");

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(1ul, (await courier.ToNodeAsync(france)).Refused);
            await courier.ToBureauAsync(france);
            Assert.Equal(id.Value, Assert.Single(france.Parts.Outbox.Waiting()).MessageId);
        }

        Assert.Equal(2, house.Logs.Lines.Count(line => line.Event.Id == 81));
        house.Node.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(1ul, (await courier.ToNodeAsync(france)).Taken);
    }

    [Fact]
    public async Task A_message_that_goes_under_another_id_by_now_is_not_written_under_the_old_one()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        AsOfBefore? outbox = null;
        var stores = new GatewayStores { Outbox = database => outbox = new AsOfBefore(database) };
        var france = await Courier.WithoutLineAsync(house, "FR", stores: stores);
        await courier.ToBureauAsync(france);
        await france.SendAsync("DE");
        outbox!.Seen = france.Parts.Outbox.Waiting();
        await ReplaceAsync(house, outbox, outbox.Seen.Single());

        // The export looked at what waits, and then a line was told CLOCK_SKEW.
        Assert.Empty((await france.Parts.Carry.WriteAsync(0, 0, Cancel)).Messages);

        outbox.Seen = null;
        Assert.Equal(1ul, (await france.Parts.Carry.WriteAsync(0, 0, Cancel)).Messages.Single().Count);
    }

    private static async Task ReplaceAsync(GatewayHouse house, OutboxStore outbox, WaitingMessage old)
    {
        var envelope = house["FR"].Compose(house["DE"]);
        var (header, body) = (envelope.Header.ToByteArray(), envelope.Body.ToByteArray());
        var message = new SignedMessage(house["FR"].HeaderOf(envelope).MessageId, old.Precedence, "text", "", ["DE"], Digests.Sha256(header), header, body);
        await outbox.ReplaceAsync(old, message, Reasons.ClockSkew, new Origin("test", null, house.Node.Clock.GetUtcNow()), Cancel);
    }

    private sealed class AsOfBefore(GatewayDatabase database) : OutboxStore(database)
    {
        public List<WaitingMessage>? Seen { get; set; }

        public override List<WaitingMessage> Waiting() => Seen ?? base.Waiting();
    }
}
