using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class ExpiryTests
{
    private const string Expired = "delivery.expired.v1";
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_nobody_fetches_expires_at_its_time_and_not_before_and_leaves_the_plan()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        var message = await SubmitAsync(house);
        house.Clock.Advance(Hour - TimeSpan.FromMinutes(1));
        var later = await SubmitAsync(house);
        Assert.Equal(0, await house.CountAsync(Expired));

        house.Clock.Advance(TimeSpan.FromMinutes(1));
        await house.UntilRecordedAsync(Expired);

        var expired = Assert.IsType<Expired>(Assert.Single(await EventsAsync(house, message)));
        var header = house["FR"].HeaderOf(message);
        Assert.Equal((header.MessageId, "DE", "node", header.DeliverBy), (expired.MessageId, expired.Recipient, expired.Node, expired.DeliverBy));
        Assert.True(expired.At.ToDateTimeOffset() >= header.DeliverBy.ToDateTimeOffset());
        Assert.Empty(await EventsAsync(house, later));
        Assert.Equal(DeliveryState.Expired, (await TrackAsync(house, message)).State);
        // Its number is not lost without a word: it comes with the next delivery.
        using var attending = await Attending.OpenAsync(house, "DE");
        var next = await attending.DeliveryAsync();
        Assert.Equal((later, 2ul), (next.Envelope, next.Sequence));
        Assert.Equal([1ul], next.Skipped);
    }

    [Fact]
    public async Task What_a_gateway_has_in_hand_expires_and_its_late_receipt_is_evidence_and_frees_its_place()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        var message = await SubmitAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE", new Window { Priority = 1, Flash = 1 });
        var delivery = await attending.DeliveryAsync();
        var second = await SubmitAsync(house, TimeSpan.FromDays(1));

        house.Clock.Advance(Hour);
        // A frame wakes the attendance: no timer runs faster for a clock that is set ahead.
        await attending.OpenWindowAsync(new Window { Priority = 1, Flash = 1 });
        await house.UntilRecordedAsync(Expired);
        await house.UntilRecordedAsync("delivery.attempted.v1");
        await attending.RecordAsync(delivery);

        Assert.Equal(second, (await attending.DeliveryAsync()).Envelope);
        var events = await attending.EventsAsync(message);
        Assert.Equal("expired", Assert.Single(events.OfType<Attempted>()).EndedBy);
        Assert.Single(events.OfType<Expired>());
        Assert.IsType<Delivered>(events[^1]);
        var tracked = await TrackAsync(house, message);
        Assert.Equal((DeliveryState.Expired, 1), (tracked.State, tracked.Receipts.Count));
        Assert.NotNull(tracked.DeliveredAt);
    }

    [Fact]
    public async Task What_has_no_time_to_be_delivered_by_ends_as_well_and_its_sender_is_told_and_so_does_the_report()
    {
        Assert.Equal(TimeSpan.FromDays(90), new NodeOptions().Delivering.OpenAtMost);
        await using var house = await House.OpenAsync(
            options =>
            {
                AwakeSoon(options);
                options.Delivering.OpenAtMost = TimeSpan.FromDays(1);
            },
            "FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        // The plan follows the log: what was accepted a moment ago may not be in it yet.
        DateTimeOffset? due = null;
        await Eventually.TrueAsync("the plan has it", () => (due = house.Node.Services.GetRequiredService<Plan>().Ask.NextDeadline()) is not null);
        Assert.InRange(due - house.Clock.GetUtcNow() ?? default, TimeSpan.FromDays(1) - TimeSpan.FromMinutes(5), TimeSpan.FromDays(1));

        house.Clock.Advance(TimeSpan.FromDays(1));
        await house.UntilRecordedAsync(Expired);
        await house.UntilRecordedAsync("message.accepted.v1", 2);

        Assert.Null(Assert.IsType<Expired>(Assert.Single(await EventsAsync(house, message))).DeliverBy);
        // Nobody fetches the report either, and a report on a report there is none.
        house.Clock.Advance(TimeSpan.FromDays(1));
        await house.UntilRecordedAsync(Expired, 2);
        await UntilNothingIsDueAsync(house);
        Assert.Equal(2, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task What_is_kept_apart_expires()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        var message = await SubmitAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.RecordAsync(await attending.DeliveryAsync(), DeliveryOutcome.Quarantined);

        house.Clock.Advance(Hour);
        await house.UntilRecordedAsync(Expired);

        Assert.Equal([typeof(Attempted), typeof(Quarantined), typeof(Expired)], (await attending.EventsAsync(message)).Select(e => e.GetType()));
    }

    [Fact]
    public async Task What_has_its_receipt_does_not_expire()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        var settled = await SubmitAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.RecordAsync(await attending.DeliveryAsync());
        var open = await SubmitAsync(house);

        house.Clock.Advance(Hour);
        await house.UntilRecordedAsync(Expired);

        Assert.Contains(await EventsAsync(house, open), e => e is Expired);
        Assert.DoesNotContain(await EventsAsync(house, settled), e => e is Expired);
    }

    [Fact]
    public async Task Receipts_that_race_with_the_deadline_leave_one_end_each()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        using var attending = await Attending.OpenAsync(house, "DE");
        var messages = new List<Envelope>();
        for (var i = 0; i < 12; i++) messages.Add(await SubmitAsync(house));
        var deliveries = await attending.DeliveriesAsync(messages.Count);

        house.Clock.Advance(Hour);
        foreach (var delivery in deliveries) await attending.RecordAsync(delivery);
        await UntilNothingIsDueAsync(house);

        foreach (var message in messages)
        {
            var events = await EventsAsync(house, message);
            Assert.Single(events.OfType<Delivered>());
            Assert.InRange(events.OfType<Expired>().Count(), 0, 1);
            var expiredAfterDelivered = events.FindIndex(e => e is Expired) > events.FindIndex(e => e is Delivered);
            Assert.False(expiredAfterDelivered);
        }
    }

    [Fact]
    public async Task What_is_over_when_its_turn_comes_is_not_presented_any_more()
    {
        await using var house = await House.OpenAsync(options => options.Delivering.DeadlinesLookedAtEvery = Hour, "FR", "DE");
        await SubmitAsync(house);
        var lasting = await SubmitAsync(house, TimeSpan.FromDays(1));
        // No timer fires for a clock that is set ahead: the deadline has passed, and nobody has recorded it yet.
        house.Clock.Advance(Hour);

        using var attending = await Attending.OpenAsync(house, "DE");

        Assert.Equal(lasting, (await attending.DeliveryAsync()).Envelope);
    }

    [Fact]
    public async Task What_expired_while_the_node_was_down_ends_after_its_start_and_once()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        var message = await SubmitAsync(house);
        await house.StopAsync();
        house.Clock.Advance(Hour);
        await house.RestartAsync();
        await house.UntilRecordedAsync(Expired);
        await house.RestartAsync();
        await UntilNothingIsDueAsync(house);

        Assert.IsType<Expired>(Assert.Single(await EventsAsync(house, message)));
    }

    [Fact]
    public async Task The_board_counts_it_and_a_late_receipt_does_not_move_it()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        await SubmitAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();
        house.Clock.Advance(Hour);
        await house.UntilRecordedAsync(Expired);
        var late = await attending.RecordAsync(delivery);

        var models = house.Node.Services.GetRequiredService<ReadModels>();
        await Eventually.TrueAsync("the read models have it", () =>
            models.Board.Position.Value >= late.Position && models.Deliveries.Position.Value >= late.Position);

        var board = await models.Board.File.ReadAsync(BoardTally.Read, Cancel);
        var row = Assert.Single(board.Rows, row => row.Bureau == "DE");
        Assert.Equal((1ul, 0ul, 0ul), (row.Expired, row.Waiting, row.Delivered));
        Assert.Null(row.OldestWaitingAt);
        var standing = Assert.Single(await new Deliveries(models.Deliveries)
            .OfMessageAsync(house["FR"].HeaderOf(delivery.Envelope).MessageId, null, Cancel));
        Assert.Equal(DeliveryState.Expired, standing.State);
        Assert.NotNull(standing.DeliveredAt);
    }

    private static void AwakeSoon(NodeOptions options) => options.Delivering.DeadlinesLookedAtEvery = TimeSpan.FromMilliseconds(50);

    private static async Task<Envelope> SubmitAsync(House house, TimeSpan? within = null)
    {
        var by = (house.Clock.GetUtcNow() + (within ?? Hour)).ToTimestamp();
        var message = house["FR"].Compose(house["DE"], header => header.DeliverBy = by);
        await house["FR"].SubmitAsync(message);
        return message;
    }

    private static async Task<List<Google.Protobuf.IMessage>> EventsAsync(House house, Envelope message) =>
        [.. (await house.ReadAsync(StreamId.Delivery(house["FR"].HeaderOf(message).MessageId, "DE")))
            .Select(recorded => Domain.EventTypes.Parse(recorded.Type, recorded.Data))];

    private static async Task<RecipientTracking> TrackAsync(House house, Envelope message) =>
        Assert.Single((await house["FR"].Exchange.TrackAsync(
            new TrackRequest { MessageId = house["FR"].HeaderOf(message).MessageId }, cancellationToken: Cancel)).Recipients);

    private static Task UntilNothingIsDueAsync(House house) =>
        Eventually.TrueAsync("nothing is left to expire or to report", () => house.Node.Services.GetRequiredService<Plan>().Ask is var ask
            && ask.Overdue(house.Clock.GetUtcNow(), 1).Count == 0 && ask.OwedReports(1).Count == 0);
}
