using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class RecallTests
{
    private const string Recalled = "delivery.recalled.v1";
    private const string Ordered = "message.recall-ordered.v1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_nobody_fetched_stops_and_the_bureau_gets_the_order_and_the_number_that_it_will_not_see()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = await SubmitAsync(house, "DE", "ES");
        var order = await OrderAsync(house, message, header => header.To.Remove("ES"));
        await house.UntilRecordedAsync(Ordered);

        var ordered = Assert.IsType<RecallOrdered>(Assert.Single(await EventsAsync(house, StreamId.Message(IdOf(house, message)), skip: 1)));
        Assert.Equal((IdOf(house, message), IdOf(house, order), "SENT_IN_ERROR", "node"), (ordered.MessageId, ordered.OrderId, ordered.Reason, ordered.Node));
        Assert.Equal(["DE"], ordered.Recipients);
        Assert.True(ReceiptBuilding.TryRead(ordered.Order.Memory, RecallOrder.Parser, out var signed, out _, out _) && signed.VerifySignature());
        var recalled = Assert.IsType<Recalled>(Assert.Single(await EventsAsync(house, message, "DE")));
        Assert.Equal(("DE", IdOf(house, order), "SENT_IN_ERROR"), (recalled.Recipient, recalled.OrderId, recalled.Reason));
        Assert.Empty(await EventsAsync(house, message, "ES"));

        var tracked = (await TrackAsync(house, message)).Recipients.ToDictionary(r => r.Recipient);
        Assert.Equal((DeliveryState.Recalled, "SENT_IN_ERROR", IdOf(house, order)), (tracked["DE"].State, tracked["DE"].Reason, tracked["DE"].RecallOrder));
        Assert.NotNull(tracked["DE"].RecallOrderedAt);
        Assert.Equal((DeliveryState.Waiting, ""), (tracked["ES"].State, tracked["ES"].RecallOrder));
        using var attending = await Attending.OpenAsync(house, "DE");
        var next = await attending.DeliveryAsync();
        Assert.Equal((order, 2ul), (next.Envelope, next.Sequence));
        Assert.Equal([1ul], next.Skipped);
        using var spain = await Attending.OpenAsync(house, "ES");
        Assert.Equal(message, (await spain.DeliveryAsync()).Envelope);
    }

    [Fact]
    public async Task What_a_gateway_has_in_hand_is_withdrawn_and_its_late_receipt_is_evidence_and_frees_its_place()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = await SubmitAsync(house, "DE");
        using var attending = await Attending.OpenAsync(house, "DE", new Window { Priority = 1, Flash = 1 });
        var delivery = await attending.DeliveryAsync();
        var order = await OrderAsync(house, message);

        await house.UntilRecordedAsync(Recalled);
        await house.UntilRecordedAsync("delivery.attempted.v1");
        await attending.RecordAsync(delivery);

        // Only now: until its receipt it kept its place in the window.
        Assert.Equal(order, (await attending.DeliveryAsync()).Envelope);
        var events = await attending.EventsAsync(message);
        Assert.Equal("recalled", Assert.Single(events.OfType<Attempted>()).EndedBy);
        Assert.Single(events.OfType<Recalled>());
        Assert.IsType<Delivered>(events[^1]);
        var tracked = Assert.Single((await TrackAsync(house, message)).Recipients);
        Assert.Equal((DeliveryState.Recalled, 1), (tracked.State, tracked.Receipts.Count));
        Assert.NotNull(tracked.DeliveredAt);
    }

    [Fact]
    public async Task What_was_delivered_stays_so_and_what_is_kept_apart_ends()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = await SubmitAsync(house, "DE", "ES");
        using var germany = await Attending.OpenAsync(house, "DE");
        await germany.RecordAsync(await germany.DeliveryAsync());
        using var spain = await Attending.OpenAsync(house, "ES");
        await spain.RecordAsync(await spain.DeliveryAsync(), DeliveryOutcome.Quarantined);

        var order = await OrderAsync(house, message);
        await house.UntilRecordedAsync(Ordered);

        Assert.Equal(order, (await germany.DeliveryAsync()).Envelope);
        Assert.Equal([typeof(Attempted), typeof(Delivered), typeof(AskedBack)], (await germany.EventsAsync(message)).Select(e => e.GetType()));
        Assert.Equal([typeof(Attempted), typeof(Quarantined), typeof(Recalled)], (await spain.EventsAsync(message)).Select(e => e.GetType()));
        Assert.All((await TrackAsync(house, message)).Recipients, recipient => Assert.Equal(IdOf(house, order), recipient.RecallOrder));
    }

    [Fact]
    public async Task A_node_that_ended_after_the_order_was_accepted_does_what_it_says_after_its_start_and_once()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = await SubmitAsync(house, "DE", "ES");
        var order = house.Order("FR", message);
        await StoreBodyAsync(house, order);
        await house.StopAsync();

        // What a crash leaves: the order is accepted, and one half of what it led to is in the log.
        await AcceptByHandAsync(house, order);
        await house.RestartAsync();
        await house.UntilRecordedAsync(Recalled, 2);
        await house.RestartAsync();
        await NothingDueAsync(house);
        Assert.Equal((1, 2), (await house.CountAsync(Ordered), await house.CountAsync(Recalled)));

        await house.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(house.Options.DataFolder, "plan.db*")) File.Delete(file);
        await house.RestartAsync();
        await NothingDueAsync(house);
        Assert.Equal((1, 2), (await house.CountAsync(Ordered), await house.CountAsync(Recalled)));
    }

    [Fact]
    public async Task Receipts_that_race_with_the_order_leave_one_end_each()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        using var attending = await Attending.OpenAsync(house, "DE", new Window { Priority = 64 });
        var messages = new List<Envelope>();
        for (var i = 0; i < 12; i++) messages.Add(await SubmitAsync(house, "DE"));
        var deliveries = await attending.DeliveriesAsync(messages.Count);

        var ordering = Task.WhenAll(messages.Select(message => OrderAsync(house, message)));
        foreach (var delivery in deliveries) await attending.RecordAsync(delivery);
        await ordering;
        await house.UntilRecordedAsync(Ordered, messages.Count);
        await NothingDueAsync(house);

        foreach (var message in messages)
        {
            var events = await EventsAsync(house, message, "DE");
            Assert.Single(events.OfType<Delivered>());
            Assert.InRange(events.OfType<Recalled>().Count(), 0, 1);
            Assert.False(events.FindIndex(e => e is Recalled) > events.FindIndex(e => e is Delivered));
        }
    }

    [Fact]
    public async Task A_second_order_is_recorded_too_and_ends_nothing_twice()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = await SubmitAsync(house, "DE");
        var first = await OrderAsync(house, message);
        await house.UntilRecordedAsync(Recalled);
        var second = await OrderAsync(house, message);
        await house.UntilRecordedAsync(Ordered, 2);
        await NothingDueAsync(house);

        Assert.Equal(IdOf(house, first), Assert.IsType<Recalled>(Assert.Single(await EventsAsync(house, message, "DE"))).OrderId);
        Assert.Equal(IdOf(house, second), Assert.Single((await TrackAsync(house, message)).Recipients).RecallOrder);
    }

    [Fact]
    public async Task The_board_counts_it_and_a_late_receipt_does_not_move_it()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = await SubmitAsync(house, "DE");
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();
        await OrderAsync(house, message, header => header.Precedence = Precedence.Flash);
        await house.UntilRecordedAsync(Recalled);
        var late = await attending.RecordAsync(delivery);

        var models = house.Node.Services.GetRequiredService<ReadModels>();
        await models.Board.WaitForAsync(new LogPosition(late.Position), Cancel);
        await models.Deliveries.WaitForAsync(new LogPosition(late.Position), Cancel);
        var board = await models.Board.File.ReadAsync(BoardTally.Read, Cancel);
        var row = Assert.Single(board.Rows, row => row is { Bureau: "DE", Precedence: Precedence.Priority });
        Assert.Equal((1ul, 0ul, 0ul), (row.Recalled, row.Waiting, row.Delivered));
        var standing = Assert.Single(await new Deliveries(models.Deliveries).OfMessageAsync(IdOf(house, message), null, Cancel));
        Assert.Equal(DeliveryState.Recalled, standing.State);
        Assert.NotNull(standing.DeliveredAt);
    }

    private static async Task<Envelope> SubmitAsync(House house, params string[] to)
    {
        var message = house["FR"].Compose([.. to.Select(bureau => house[bureau])]);
        await house["FR"].SubmitAsync(message);
        return message;
    }

    private static async Task<Envelope> OrderAsync(House house, Envelope message, Action<MessageHeader>? change = null)
    {
        var order = house.Order("FR", message, change);
        await house["FR"].SubmitAsync(order);
        return order;
    }

    private static string IdOf(House house, Envelope message) => house["FR"].HeaderOf(message).MessageId;

    private static Task<List<Google.Protobuf.IMessage>> EventsAsync(House house, Envelope message, string bureau) =>
        EventsAsync(house, StreamId.Delivery(IdOf(house, message), bureau));

    private static async Task<List<Google.Protobuf.IMessage>> EventsAsync(House house, StreamId stream, int skip = 0) =>
        [.. (await house.ReadAsync(stream)).Skip(skip).Select(recorded => EventTypes.Parse(recorded.Type, recorded.Data))];

    private static async Task<Tracking> TrackAsync(House house, Envelope message) =>
        await house["FR"].Exchange.TrackAsync(new TrackRequest { MessageId = IdOf(house, message) }, cancellationToken: Cancel);

    private static Task StoreBodyAsync(House house, Envelope order) => house.Node.Services.GetRequiredService<MessageBackbone.Node.Content.ContentStore>().StoreAsync(
        Fingerprint.Read(house["FR"].HeaderOf(order).BodySha256.Span), order.Body, IdOf(house, order), Cancel);

    private static async Task AcceptByHandAsync(House house, Envelope order)
    {
        await using var log = await EventLog.Sqlite.SqliteEventLog.OpenAsync(
            new EventLog.Sqlite.SqliteEventLogOptions { Folder = house.Options.DataFolder }, house.Clock,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<EventLog.Sqlite.SqliteEventLog>.Instance);
        var recorder = new Recording.EventRecorder(log, house.Clock);
        var header = house["FR"].HeaderOf(order);
        var at = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(house.Clock.GetUtcNow());
        await AppendAsync(StreamId.Message(header.MessageId), new Accepted
        {
            Header = order.Header,
            HeaderSha256 = Fingerprint.Of(order.Header.Span).ToByteString(),
            Content = header,
            AcceptedAt = at,
            Node = "node",
            Recipients = { header.To },
        });
        await AppendAsync(StreamId.Delivery(header.InReplyTo, "ES"), new Recalled
        {
            MessageId = header.InReplyTo,
            Recipient = "ES",
            OrderId = header.MessageId,
            At = at,
            Node = "node",
        });

        async Task AppendAsync(StreamId stream, Google.Protobuf.IMessage fact) => Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(
            stream, ExpectedRevision.NoStream, [recorder.Prepare(fact, new Recording.Provenance("urn:backbone:node:node", header.MessageId))], Cancel));
    }

    private static Task NothingDueAsync(House house) => Eventually.TrueAsync("nothing is left to recall", () =>
    {
        var (plan, planner) = (house.Node.Services.GetRequiredService<Plan>(), house.Node.Services.GetRequiredService<Planner>());
        return planner.CaughtUp.IsCompletedSuccessfully && plan.Ask.OwedRecalls(1).Count == 0 && plan.Ask.RecalledRows(1).Count == 0;
    });
}
