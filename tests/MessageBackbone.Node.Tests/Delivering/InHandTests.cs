using MessageBackbone.Node.Hosting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class InHandTests
{
    private static readonly Window One = new() { Priority = 1, Flash = 1 };

    [Fact]
    public async Task What_has_no_receipt_in_time_is_taken_back_and_comes_again_when_its_time_has_come()
    {
        await using var house = await House.OpenAsync(Soon, "FR", "DE");
        var sent = await SubmitAsync(house, 2);
        using var attending = await Attending.OpenAsync(house, "DE", One);
        var first = await attending.DeliveryAsync();

        await house.UntilRecordedAsync("delivery.attempted.v1");
        var again = await attending.DeliveryAsync();

        // The same one again and not the second: without a Recorded it keeps its place in the window.
        Assert.Equal((sent[0], 2u, true, first.Sequence), (again.Envelope, again.Attempt, again.PossibleDuplicate, again.Sequence));
        var attempted = Assert.IsType<Attempted>(Assert.Single(await attending.EventsAsync(sent[0])));
        Assert.Equal(("timeout", 1u), (attempted.EndedBy, attempted.Attempt));
        await attending.RecordAsync(again);
        Assert.Equal(sent[1], (await attending.DeliveryAsync()).Envelope);
        Assert.Equal(
            [("timeout", 1u), ("receipt", 2u)], (await attending.EventsAsync(sent[0])).OfType<Attempted>().Select(e => (e.EndedBy, e.Attempt)));
    }

    [Fact]
    public async Task It_does_not_come_again_before_its_time_and_a_late_receipt_counts_and_frees_its_place_in_the_window()
    {
        await using var house = await House.OpenAsync(Later, "FR", "DE");
        var sent = await SubmitAsync(house, 2);
        using var attending = await Attending.OpenAsync(house, "DE", One);
        var first = await attending.DeliveryAsync();
        await house.UntilRecordedAsync("delivery.attempted.v1");

        // Given back for an hour: what is sent last comes next.
        var flash = house["FR"].Compose(house["DE"], header => header.Precedence = Precedence.Flash);
        await house["FR"].SubmitAsync(flash);
        Assert.Equal(flash, (await attending.DeliveryAsync()).Envelope);
        await attending.RecordAsync(first);

        Assert.Equal(sent[1], (await attending.DeliveryAsync()).Envelope);
        Assert.Equal([typeof(Attempted), typeof(Delivered)], (await attending.EventsAsync(sent[0])).Select(e => e.GetType()));
        Assert.Equal(1, attending.MostUnsettled[Precedence.Priority]);
    }

    [Fact]
    public async Task A_new_stream_does_not_bring_it_before_its_time_either()
    {
        await using var house = await House.OpenAsync(Later, "FR", "DE");
        var sent = await SubmitAsync(house, 2);
        using (var attending = await Attending.OpenAsync(house, "DE", One))
        {
            await attending.DeliveryAsync();
            await house.UntilRecordedAsync("delivery.attempted.v1");
        }

        using var after = await Attending.OpenAsync(house, "DE", One);
        var second = await after.DeliveryAsync();
        Assert.Equal((sent[1], 2ul), (second.Envelope, second.Sequence));
        await after.RecordAsync(second);

        house.Clock.Advance(TimeSpan.FromHours(2));
        // Whatever is planned wakes the publisher, which finds that the first one's time has come.
        await SubmitAsync(house, 1);
        var first = await after.DeliveryAsync();
        Assert.Equal((sent[0], 1ul, 2u, true), (first.Envelope, first.Sequence, first.Attempt, first.PossibleDuplicate));
    }

    [Fact]
    public async Task A_receipt_keeps_what_it_settles_from_being_taken_back()
    {
        await using var house = await House.OpenAsync(Soon, "FR", "DE");
        var sent = await SubmitAsync(house, 2);
        using var attending = await Attending.OpenAsync(house, "DE");
        var deliveries = await attending.DeliveriesAsync(2);
        await attending.RecordAsync(deliveries[0]);

        await house.UntilRecordedAsync("delivery.attempted.v1", 2);
        Assert.Equal(sent[1], (await attending.DeliveryAsync()).Envelope);

        Assert.Equal([("receipt", 1u)], (await attending.EventsAsync(sent[0])).OfType<Attempted>().Select(e => (e.EndedBy, e.Attempt)));
    }

    private static void Soon(NodeOptions options)
    {
        options.Delivering.InHandAtMost = TimeSpan.FromMilliseconds(300);
        options.Delivering.AgainAfter = TimeSpan.FromMilliseconds(50);
    }

    private static void Later(NodeOptions options)
    {
        options.Delivering.InHandAtMost = TimeSpan.FromMilliseconds(300);
        options.Delivering.AgainAfter = TimeSpan.FromHours(1);
    }

    private static async Task<List<Envelope>> SubmitAsync(House house, int count)
    {
        List<Envelope> messages = [.. Enumerable.Range(0, count).Select(_ => house["FR"].Compose(house["DE"]))];
        foreach (var message in messages) await house["FR"].SubmitAsync(message);
        return messages;
    }
}
