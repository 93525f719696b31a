using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Escalating;

/// <summary>Who owes the answer to a request that went to an alternate.</summary>
public sealed class RedirectedRequestTests
{
    [Fact]
    public async Task What_was_not_delivered_is_owed_by_the_alternate_from_its_own_delivery_on()
    {
        await using var house = await RequestHouse.OpenAsync(options => options.Flash = LevelOf(10), "ES", "DE-DUTY");
        var request = await AskAsync(house);
        await house.AheadAsync(16);
        await house.House.UntilRecordedAsync(LateHouse.WasRedirected);
        using var alternate = await Attending.OpenAsync(house.House, "ES");
        await house.TakeOverAsync(alternate, request);
        await house.AheadAsync(1);

        Assert.Empty(await house.EventsAsync(request));
        Assert.Equal(["started"], await house.NamesAsync(request, "ES"));
        await house.SendAsync("ES", "FR", "answer", request);
        await house.UntilQuietAsync();
        Assert.Equal(["started", "closed"], await house.NamesAsync(request, "ES"));
    }

    [Fact]
    public async Task What_was_delivered_and_not_opened_is_owed_as_before_and_the_alternates_answer_counts_for_it()
    {
        await using var house = await RequestHouse.OpenAsync(options => options.Flash = LevelOf(1), "ES", "DE-DUTY");
        var request = await AskAsync(house);
        using var recipient = await Attending.OpenAsync(house.House, "DE");
        await house.TakeOverAsync(recipient, request);
        await house.AheadAsync(2);
        await house.House.UntilRecordedAsync(LateHouse.WasRedirected);
        using var alternate = await Attending.OpenAsync(house.House, "ES");
        await house.TakeOverAsync(alternate, request);
        await house.UntilQuietAsync();
        Assert.Empty(await house.EventsAsync(request, "ES"));

        await house.SendAsync("ES", "FR", "answer", request);
        await house.UntilQuietAsync();

        Assert.Equal(["started", "closed"], await house.NamesAsync(request));
    }

    [Fact]
    public async Task A_recall_ends_the_clock_of_an_alternate_that_the_order_does_not_name()
    {
        await using var house = await RequestHouse.OpenAsync(options => options.Flash = LevelOf(10), "ES", "DE-DUTY");
        var request = await AskAsync(house);
        await house.AheadAsync(16);
        await house.House.UntilRecordedAsync(LateHouse.WasRedirected);
        using var alternate = await Attending.OpenAsync(house.House, "ES");
        await house.TakeOverAsync(alternate, request);
        await house.UntilQuietAsync();

        var order = house.House.Order("FR", request);
        Assert.Equal(["DE"], house.House["FR"].HeaderOf(order).To);
        await house.House["FR"].SubmitAsync(order);
        await house.House.UntilRecordedAsync("message.recall-ordered.v1");
        await house.AheadAsync(60);

        Assert.Equal(["started", "closed"], await house.NamesAsync(request, "ES"));
        var closed = Assert.IsType<RequestClosed>((await house.EventsAsync(request, "ES"))[^1]);
        Assert.Equal(("RECALLED", house.House["FR"].HeaderOf(order).MessageId), (closed.Reason, closed.By));
    }

    private static Node.Escalating.LevelOptions LevelOf(double minutes) => new() { Within = TimeSpan.FromMinutes(minutes), SenderAfter = TimeSpan.FromDays(1), OperatorAfter = TimeSpan.FromDays(1) };

    private static async Task<Envelope> AskAsync(RequestHouse house) => await house.House.SubmitAsync(
        Precedence.Flash, "ES", header => (header.Kind, header.DeadlineClass) = ("request", "hit-urgent"));
}
