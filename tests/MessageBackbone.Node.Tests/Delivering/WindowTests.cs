using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class WindowTests
{
    [Fact]
    public async Task A_window_of_one_holds_the_next_delivery_back_until_the_Recorded_of_the_one_before()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await SubmitAsync(house, [.. Enumerable.Repeat(Precedence.Priority, 100)]);
        using var attending = await Attending.OpenAsync(house, "DE", new Window { Priority = 1 });

        for (var i = 1ul; i <= 100; i++)
        {
            var delivery = await attending.DeliveryAsync();
            Assert.Equal(i, delivery.Sequence);
            var signed = attending.Sign(attending.ReceiptFor(delivery.Envelope));
            await attending.SendAsync(new FromGateway { Receipt = new Receipt { DeliveryId = delivery.DeliveryId, Signed = signed } });
            // The very next frame: a delivery before it would be one too many.
            Assert.Equal(delivery.DeliveryId, (await attending.NextAsync()).Recorded?.DeliveryId);
        }
    }

    [Fact]
    public async Task No_level_ever_has_more_without_a_Recorded_than_its_window_and_all_come()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var sent = await SubmitAsync(house, [.. Enumerable.Range(0, 60).Select(i => (Precedence)(1 + (i % 4)))]);
        var window = new Dictionary<Precedence, int>
        {
            [Precedence.Routine] = 3,
            [Precedence.Priority] = 1,
            [Precedence.Immediate] = 2,
            [Precedence.Flash] = 4,
        };
        using var attending = await Attending.OpenAsync(house, "DE", new Window { Routine = 3, Priority = 1, Immediate = 2, Flash = 4 });

        var came = new List<Delivery>();
        var open = window.Keys.ToDictionary(level => level, _ => new Queue<Delivery>());
        while (came.Count < sent.Count)
        {
            came.Add(await attending.DeliveryAsync());
            var level = house["DE"].HeaderOf(came[^1].Envelope).Precedence;
            open[level].Enqueue(came[^1]);
            // Answered only when there is no room left, so that every window is full most of the time.
            if (open[level].Count == window[level]) await attending.RecordAsync(open[level].Dequeue());
        }

        Assert.Equivalent(window, attending.MostUnsettled);
        foreach (var level in sent.GroupBy(message => house["FR"].HeaderOf(message).Precedence))
            Assert.Equal(level, came.Select(delivery => delivery.Envelope).Where(level.Contains));
    }

    [Fact]
    public async Task A_full_window_of_routine_does_not_hold_up_flash_and_a_Recorded_frees_one()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var routine = await SubmitAsync(house, [.. Enumerable.Repeat(Precedence.Routine, 4)]);
        using var attending = await Attending.OpenAsync(house, "DE", new Window { Routine = 2, Flash = 1 });
        var held = await attending.DeliveriesAsync(2);

        var flash = Assert.Single(await SubmitAsync(house, Precedence.Flash));

        // What is submitted last comes next: the other two routine ones would have come before it.
        Assert.Equal(flash, (await attending.DeliveryAsync()).Envelope);
        await attending.RecordAsync(held[1]);
        Assert.Equal(routine[2], (await attending.DeliveryAsync()).Envelope);
        Assert.Equal(2, attending.MostUnsettled[Precedence.Routine]);
    }

    [Fact]
    public async Task The_most_urgent_comes_first_whatever_was_sent_before()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        Precedence[] sent = [Precedence.Routine, Precedence.Flash, Precedence.Priority, Precedence.Routine, Precedence.Immediate, Precedence.Flash];
        await SubmitAsync(house, sent);
        using var attending = await Attending.OpenAsync(house, "DE", new Window { Flash = 1 });
        var first = await attending.DeliveryAsync();

        // While one FLASH is in hand the rest becomes ready; then all windows open at once.
        var last = Assert.Single(await SubmitAsync(house, Precedence.Flash));
        await attending.OpenWindowAsync(new Window { Flash = 3 });
        var more = await attending.DeliveriesAsync(2);
        Assert.Equal(last, more[1].Envelope);
        Assert.All([first, .. more], delivery => Assert.Equal(Precedence.Flash, house["DE"].HeaderOf(delivery.Envelope).Precedence));
        await attending.OpenWindowAsync(new Window { Routine = 1, Priority = 1, Immediate = 1, Flash = 3 });

        var came = await attending.DeliveriesAsync(3);
        Assert.Equal(
            [Precedence.Routine, Precedence.Priority, Precedence.Immediate],
            came.Select(delivery => house["DE"].HeaderOf(delivery.Envelope).Precedence).Order());
    }

    [Fact]
    public async Task Another_window_counts_from_the_next_delivery_on()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var sent = await SubmitAsync(house, [.. Enumerable.Repeat(Precedence.Routine, 8)]);
        using var attending = await Attending.OpenAsync(house, "DE", new Window { Flash = 1 });
        // Nothing of routine may come: the flash that is sent last is the first.
        var barrier = Assert.Single(await SubmitAsync(house, Precedence.Flash));
        Assert.Equal(barrier, (await attending.DeliveryAsync()).Envelope);

        await attending.OpenWindowAsync(new Window { Routine = 4, Flash = 9 });
        var came = await attending.DeliveriesAsync(4);
        await attending.OpenWindowAsync(new Window { Routine = 1, Flash = 9 });
        foreach (var delivery in came.Take(3)) await attending.RecordAsync(delivery);
        barrier = Assert.Single(await SubmitAsync(house, Precedence.Flash));

        // One of the four is still without a Recorded, and one is the window now.
        Assert.Equal(barrier, (await attending.DeliveryAsync()).Envelope);
        await attending.RecordAsync(came[3]);
        Assert.Equal(sent[4], (await attending.DeliveryAsync()).Envelope);
    }

    [Fact]
    public async Task A_gateway_that_names_no_window_has_the_defaults()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var sent = await SubmitAsync(house, [.. Enumerable.Repeat(Precedence.Routine, 65), .. Enumerable.Repeat(Precedence.Immediate, 17)]);
        using var attending = await Attending.OpenAsync(house, "DE");

        var came = await attending.DeliveriesAsync(64 + 16);
        var flash = Assert.Single(await SubmitAsync(house, Precedence.Flash));

        Assert.Equal(flash, (await attending.DeliveryAsync()).Envelope);
        Assert.Equal((64, 16), (attending.MostUnsettled[Precedence.Routine], attending.MostUnsettled[Precedence.Immediate]));
        await attending.RecordAsync(came.First(delivery => house["DE"].HeaderOf(delivery.Envelope).Precedence == Precedence.Routine));
        Assert.Equal(sent[64], (await attending.DeliveryAsync()).Envelope);
    }

    private static async Task<List<Envelope>> SubmitAsync(House house, params Precedence[] precedences)
    {
        List<Envelope> messages = [.. precedences.Select(precedence => house["FR"].Compose(house["DE"], header => header.Precedence = precedence))];
        foreach (var message in messages) await house["FR"].SubmitAsync(message);
        return messages;
    }
}
