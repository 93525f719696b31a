using System.Diagnostics;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class EndingTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Refuses(Reasons.Superseded)]
    public async Task The_newest_attendance_wins_and_gets_everything_that_the_older_had_in_hand()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var messages = await SubmitAsync(house, 5);
        using var older = await Attending.OpenAsync(house, "DE");
        var first = await older.DeliveriesAsync(5);
        await older.RecordAsync(first[1]);

        using var newer = await Attending.OpenAsync(house, "DE");

        await older.EndsAsync(Reasons.Superseded);
        var again = await newer.DeliveriesAsync(4);
        Assert.Equal([messages[0], messages[2], messages[3], messages[4]], again.Select(delivery => delivery.Envelope));
        Assert.All(again, delivery => Assert.Equal((2u, true), (delivery.Attempt, delivery.PossibleDuplicate)));
        Assert.Equal([1ul, 3, 4, 5], again.Select(delivery => delivery.Sequence));
        Assert.Equal(first.Select(delivery => delivery.Position).Where((_, i) => i != 1), again.Select(delivery => delivery.Position));
        foreach (var delivery in again) await newer.RecordAsync(delivery);
        Assert.Equal(
            [("superseded", 1u, 1ul), ("receipt", 2u, 1ul)],
            (await newer.EventsAsync(messages[0])).OfType<Attempted>().Select(e => (e.EndedBy, e.Attempt, e.Sequence)));
        Assert.Equal([("receipt", 1u)], (await newer.EventsAsync(messages[1])).OfType<Attempted>().Select(e => (e.EndedBy, e.Attempt)));
        Assert.Equal(["DE"], house.Node.Services.GetRequiredService<Attendances>().Attending);
    }

    [Fact]
    public async Task Of_many_attendances_at_once_one_stays_and_nothing_is_lost()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var messages = await SubmitAsync(house, 3);
        Attending[] all = [.. Enumerable.Range(0, 6).Select(_ => Attending.Begin(house, house["DE"]))];
        await Task.WhenAll(all.Select(attending => attending.SendAsync(new FromGateway { Hello = new Hello { Bureau = "DE" } })));

        var reading = all.Select(attending => ReadUntilSupersededAsync(attending, most: 6)).ToList();
        for (var ended = 0; ended < all.Length - 1; ended++) reading.Remove(await Task.WhenAny(reading));
        messages.AddRange(await SubmitAsync(house, 3));

        var came = await Assert.Single(reading);
        Assert.Equal(messages, came.Select(delivery => delivery.Envelope));
        Array.ForEach(all, attending => attending.Dispose());
    }

    [Fact]
    public async Task A_connection_that_breaks_is_an_ended_attempt_and_no_error()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = Assert.Single(await SubmitAsync(house, 1));
        var first = await Attending.OpenAsync(house, "DE");
        Assert.Equal((1u, false), ((await first.DeliveryAsync()) is var delivery ? delivery.Attempt : 0, delivery.PossibleDuplicate));

        first.Dispose();
        await house.UntilRecordedAsync("delivery.attempted.v1");
        using var second = await Attending.OpenAsync(house, "DE");
        var again = await second.DeliveryAsync();

        Assert.Equal((2u, true, 1ul), (again.Attempt, again.PossibleDuplicate, again.Sequence));
        var attempted = Assert.IsType<Attempted>(Assert.Single(await second.EventsAsync(message)));
        Assert.Equal(("disconnected", 1u, 1ul), (attempted.EndedBy, attempted.Attempt, attempted.Sequence));
        Assert.Equal(("node", "DE"), (attempted.Node, attempted.Recipient));
    }

    [Fact]
    public async Task A_gateway_that_ends_its_side_gets_its_answers_and_then_the_end()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await SubmitAsync(house, 2);
        using var attending = await Attending.OpenAsync(house, "DE");
        var deliveries = await attending.DeliveriesAsync(2);

        foreach (var delivery in deliveries)
            await attending.SendAsync(new FromGateway { Receipt = new Receipt { Signed = attending.Sign(attending.ReceiptFor(delivery.Envelope)) } });
        await attending.CompleteAsync();

        Assert.NotNull((await attending.NextAsync()).Recorded);
        Assert.NotNull((await attending.NextAsync()).Recorded);
        await Assert.ThrowsAsync<EndOfStreamException>(attending.NextAsync);
        Assert.Equal(2, await house.CountAsync("delivery.delivered.v1"));
    }

    [Fact]
    [Refuses(Reasons.CertificateNotValid)]
    public async Task Revoking_the_TLS_certificate_ends_the_stream_within_five_seconds()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await SubmitAsync(house, 1);
        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.DeliveryAsync();

        await house.RevokeAsync(house["DE"].Keys.Tls.RawData);

        await attending.EndsAsync(Reasons.CertificateNotValid).WaitAsync(FiveSeconds, Cancel);
        await house.UntilRecordedAsync("delivery.attempted.v1");
    }

    [Fact]
    [Refuses(Reasons.UnknownBureau)]
    public async Task Closing_the_bureau_ends_the_stream_within_five_seconds()
    {
        await using var house = await House.OpenAsync("DE");
        using var attending = await Attending.OpenAsync(house, "DE");

        await house.CloseAsync("DE");

        await attending.EndsAsync(Reasons.UnknownBureau).WaitAsync(FiveSeconds, Cancel);
        using var again = Attending.Begin(house, house["DE"]);
        await again.EndsAsync(Reasons.UnknownBureau);
    }

    [Fact]
    [Refuses(Reasons.Draining)]
    public async Task A_node_that_stops_sends_its_gateways_away_at_once_and_they_go_on_after_the_restart()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = Assert.Single(await SubmitAsync(house, 1));
        using var attending = await Attending.OpenAsync(house, "DE");
        using var idle = await Attending.OpenAsync(house, "ES");
        await attending.DeliveryAsync();
        var began = Stopwatch.GetTimestamp();

        var stopping = house.StopAsync();

        var refused = await attending.EndsAsync(Reasons.Draining);
        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        await idle.EndsAsync(Reasons.Draining);
        await stopping;
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, FiveSeconds);
        await house.RestartAsync();
        using var after = await Attending.OpenAsync(house, "DE");
        var again = await after.DeliveryAsync();
        Assert.Equal((message, 2u, true), (again.Envelope, again.Attempt, again.PossibleDuplicate));
    }

    private static async Task<List<Delivery>> ReadUntilSupersededAsync(Attending attending, int most)
    {
        var came = new List<Delivery>();
        try
        {
            while (came.Count < most)
                if ((await attending.NextAsync()).Delivery is { } delivery)
                    came.Add(delivery);
        }
        catch (Grpc.Core.RpcException fault)
        {
            Assert.Equal(Reasons.Superseded, Refused.Read(fault).Reason);
        }

        return came;
    }

    private static async Task<List<Envelope>> SubmitAsync(House house, int count)
    {
        List<Envelope> messages = [.. Enumerable.Range(0, count).Select(_ => house["FR"].Compose(house["DE"]))];
        foreach (var message in messages) await house["FR"].SubmitAsync(message);
        return messages;
    }
}
