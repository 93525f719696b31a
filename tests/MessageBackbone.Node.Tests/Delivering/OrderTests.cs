using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class OrderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_level_of_every_recipient_counts_from_one_in_log_order()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        Party[][] to = [[house["DE"]], [house["ES"]], [house["DE"], house["ES"]]];
        var sent = new List<Envelope>();
        for (var i = 0; i < 24; i++)
        {
            sent.Add(house["FR"].Compose(to[i % 3], header => header.Precedence = (Precedence)(1 + (i % 4))));
            await house["FR"].SubmitAsync(sent[^1]);
        }

        foreach (var bureau in (string[])["DE", "ES"])
        {
            using var attending = await Attending.OpenAsync(house, bureau);
            var mine = sent.Where(message => house["FR"].HeaderOf(message).To.Contains(bureau)).ToList();
            var came = await attending.DeliveriesAsync(mine.Count);

            foreach (var level in came.GroupBy(delivery => house["FR"].HeaderOf(delivery.Envelope).Precedence))
            {
                Assert.Equal(Enumerable.Range(1, level.Count()).Select(i => (ulong)i), level.Select(delivery => delivery.Sequence));
                Assert.Equal(
                    mine.Where(message => house["FR"].HeaderOf(message).Precedence == level.Key), level.Select(delivery => delivery.Envelope));
                Assert.Equal(level.Select(delivery => delivery.Position).Order(), level.Select(delivery => delivery.Position));
                Assert.All(level, delivery => Assert.Empty(delivery.Skipped));
            }
        }
    }

    [Fact]
    public async Task First_presentations_keep_their_order_across_reconnects_and_a_restart_while_messages_go_on_coming()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var sent = new List<Envelope>();
        var first = new List<Envelope>();
        for (var round = 0; round < 5; round++)
        {
            if (round == 3) await house.RestartAsync();
            for (var i = 0; i < 10; i++) sent.Add(house["FR"].Compose(house["DE"]));
            await SubmitManyAsync(house["FR"], sent.TakeLast(10));
            using var attending = await Attending.OpenAsync(house, "DE", new Window { Priority = 4 });
            for (var i = 0; i < 8; i++)
            {
                var delivery = await attending.DeliveryAsync();
                Assert.Equal(delivery.Attempt > 1, delivery.PossibleDuplicate);
                Assert.Equal(sent.IndexOf(delivery.Envelope) + 1, (int)delivery.Sequence);
                if (!first.Contains(delivery.Envelope)) first.Add(delivery.Envelope);
                // Every third is left without a receipt and comes again in the next round.
                if (i % 3 != 2) await attending.RecordAsync(delivery);
            }
        }

        using var last = await Attending.OpenAsync(house, "DE");
        while (first.Count < sent.Count)
        {
            var delivery = await last.DeliveryAsync();
            if (!first.Contains(delivery.Envelope)) first.Add(delivery.Envelope);
            await last.RecordAsync(delivery);
        }

        Assert.Equal(sent, first);
    }

    [Fact]
    public async Task A_plan_that_is_lost_is_made_again_with_the_same_numbers_and_says_that_it_does_not_know_what_was_presented()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var sent = await SubmitAsync(house, 4);
        using (var attending = await Attending.OpenAsync(house, "DE"))
        {
            var came = await attending.DeliveriesAsync(4);
            await attending.RecordAsync(came[1]);
        }

        await house.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(house.Options.DataFolder, "plan.db*")) File.Delete(file);
        await house.RestartAsync();

        using var after = await Attending.OpenAsync(house, "DE");
        var again = await after.DeliveriesAsync(3);
        Assert.Equal([sent[0], sent[2], sent[3]], again.Select(delivery => delivery.Envelope));
        Assert.Equal([1ul, 3, 4], again.Select(delivery => delivery.Sequence));
        Assert.All(again, delivery => Assert.Equal((2u, true), (delivery.Attempt, delivery.PossibleDuplicate)));
        var next = Assert.Single(await SubmitAsync(house, 1));
        var fresh = await after.DeliveryAsync();
        Assert.Equal((next, 5ul, 1u, false), (fresh.Envelope, fresh.Sequence, fresh.Attempt, fresh.PossibleDuplicate));
    }

    [Fact]
    public async Task Numbers_that_ended_unpresented_are_named_by_the_next_delivery_and_by_its_repeats_only()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var sent = await SubmitAsync(house, 3);
        var attending = await Attending.OpenAsync(house, "DE", new Window { Flash = 1 });
        // DE holds them on another way, by a courier, and says so before the node presents them.
        await attending.RecordAsync(attending.Sign(attending.ReceiptFor(sent[0])));
        await attending.RecordAsync(attending.Sign(attending.ReceiptFor(sent[1], DeliveryOutcome.Refused)));
        // Planned after those ends, so they are in the plan when this one is.
        sent.AddRange(await SubmitAsync(house, 1));

        await attending.OpenWindowAsync(new Window { Priority = 9 });

        var third = await attending.DeliveryAsync();
        var fourth = await attending.DeliveryAsync();
        Assert.Equal((sent[2], 3ul), (third.Envelope, third.Sequence));
        Assert.Equal([1ul, 2], third.Skipped);
        Assert.Equal((sent[3], 4ul), (fourth.Envelope, fourth.Sequence));
        Assert.Empty(fourth.Skipped);
        attending.Dispose();
        await house.UntilRecordedAsync("delivery.attempted.v1", 2);
        using var after = await Attending.OpenAsync(house, "DE");
        var again = await after.DeliveriesAsync(2);
        Assert.Equal([1ul, 2], again[0].Skipped);
        Assert.Empty(again[1].Skipped);
    }

    private static async Task SubmitManyAsync(Party party, IEnumerable<Envelope> messages)
    {
        using var call = party.Exchange.SubmitMany(cancellationToken: Cancel);
        foreach (var message in messages) await call.RequestStream.WriteAsync(new SubmitRequest { Envelope = message }, Cancel);
        await call.RequestStream.CompleteAsync();
        while (await call.ResponseStream.MoveNext(Cancel)) Assert.NotNull(call.ResponseStream.Current.Accepted);
    }

    private static async Task<List<Envelope>> SubmitAsync(House house, int count)
    {
        List<Envelope> messages = [.. Enumerable.Range(0, count).Select(_ => house["FR"].Compose(house["DE"]))];
        foreach (var message in messages) await house["FR"].SubmitAsync(message);
        return messages;
    }
}
