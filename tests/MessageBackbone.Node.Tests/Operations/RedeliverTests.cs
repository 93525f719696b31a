using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using OperationsClient = MessageBackbone.V1.OperationsService.OperationsServiceClient;

namespace MessageBackbone.Node.Tests.Operations;

/// <summary>Redelivery over the wire: an operator's order, the presentation, and what ends it.</summary>
public sealed class RedeliverTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_delivered_is_presented_again_and_the_same_receipt_once_more_closes_it_and_moves_nothing()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        var (message, first, signed) = await DeliveredAsync(house, attending, Precedence.Flash);
        var before = await BoardAsync(house, operations);

        var dry = await operations.RedeliverAsync(Order(house, message, dry: true), cancellationToken: Cancel);
        Assert.Equal(0, await house.CountAsync("delivery.redelivery-ordered.v1"));
        var done = await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel);
        var second = await attending.DeliveryAsync();
        var again = await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel);

        foreach (var reply in new[] { dry, done })
        {
            Assert.Equal((RedeliverResult.Ordered, DeliveryState.Delivered, "FR", Precedence.Flash, 1u),
                (reply.Result, reply.State, reply.From, reply.Precedence, reply.Attempts));
            Assert.Equal(("urn:backbone:operator:operator-1", "INBOX_LOST", first.Sequence, 1u),
                (reply.Event.Operator, reply.Event.Reason, reply.Event.Sequence, reply.Event.Attempts));
            Assert.Equal(first.Position, reply.Position);
        }
        Assert.Equal((RedeliverResult.AlreadyOrdered, null), (again.Result, again.Event));
        Assert.Equal((message, first.Sequence, 2u, true), (second.Envelope, second.Sequence, second.Attempt, second.PossibleDuplicate));
        Assert.Equal(1, await house.CountAsync("delivery.redelivery-ordered.v1"));

        await attending.RecordAsync(signed, second.DeliveryId);
        await attending.RecordAsync(signed); // the gateway missed the answer
        await PlanIsEmptyAsync(house);
        Assert.Equal([typeof(Attempted), typeof(Delivered), typeof(RedeliveryOrdered), typeof(Attempted), typeof(RedeliveryEnded)],
            (await attending.EventsAsync(message)).Select(e => e.GetType()));
        Assert.Equal(before, await BoardAsync(house, operations));
        Assert.Equal(DeliveryState.Delivered, (await TrackAsync(house, message)).State);
        Assert.Equal(RedeliverResult.Ordered, (await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel)).Result);
        Assert.Equal(3u, (await attending.DeliveryAsync()).Attempt);
    }

    [Theory]
    [InlineData(DeliveryOutcome.Delivered)]
    [InlineData(DeliveryOutcome.Refused)]
    [InlineData(DeliveryOutcome.Quarantined)]
    public async Task A_gateway_that_lost_it_answers_anew_and_what_was_opened_stays_so_though_its_time_has_passed(DeliveryOutcome outcome)
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        var (message, _, _) = await DeliveredAsync(house, attending, Precedence.Routine, house.Clock.GetUtcNow().AddHours(1));
        await attending.RecordAsync(attending.Sign(attending.ReceiptFor(message, DeliveryOutcome.Opened)));
        house.Clock.Advance(TimeSpan.FromHours(2));
        var before = await BoardAsync(house, operations);

        Assert.Equal(DeliveryState.Opened, (await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel)).State);
        var second = await attending.DeliveryAsync();
        await attending.RecordAsync(second, outcome);

        await PlanIsEmptyAsync(house);
        var ended = Assert.IsType<RedeliveryEnded>((await attending.EventsAsync(message))[^1]);
        Assert.Equal(outcome, ended.Outcome);
        Assert.Equal(0, await house.CountAsync("delivery.expired.v1"));
        Assert.Equal(before, await BoardAsync(house, operations));
        Assert.Equal((DeliveryState.Opened, 2u), ((await TrackAsync(house, message)).State, (await TrackAsync(house, message)).Attempts));
    }

    [Fact]
    public async Task Over_a_restart_with_a_new_plan_it_stays_ordered_and_a_stream_that_breaks_off_brings_it_once_more()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        Envelope message;
        ByteString signed;
        using (var attending = await Attending.OpenAsync(house, "DE"))
        {
            (message, _, signed) = await DeliveredAsync(house, attending, Precedence.Routine);
            await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel);
            await attending.DeliveryAsync();
        }
        await house.UntilRecordedAsync("delivery.attempted.v1", 2);
        await house.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(house.Options.DataFolder, "plan.db*")) File.Delete(file);
        await house.RestartAsync();

        using var later = await Attending.OpenAsync(house, "DE");
        var delivery = await later.DeliveryAsync();
        Assert.Equal((message, 1ul, 3u, true), (delivery.Envelope, delivery.Sequence, delivery.Attempt, delivery.PossibleDuplicate));
        await later.RecordAsync(signed, delivery.DeliveryId);
        await PlanIsEmptyAsync(house);
    }

    [Fact]
    public async Task A_recall_ends_it_before_it_is_answered_and_afterwards_it_is_not_ordered()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        Envelope message;
        using (var attending = await Attending.OpenAsync(house, "DE")) (message, _, _) = await DeliveredAsync(house, attending, Precedence.Routine);
        await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel);

        await house["FR"].SubmitAsync(house.Order("FR", message));

        await house.UntilRecordedAsync("delivery.redelivery-ended.v1");
        await house.UntilRecordedAsync("message.recall-ordered.v1");
        Assert.Equal(1, await house.CountAsync("delivery.asked-back.v1"));
        await Refused.ForAsync("ALREADY_FINAL", async () => await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel));
        await CaughtUpAsync(house);
        Assert.Null(house.Node.Services.GetRequiredService<Plan>().Ask.Find(Guid.Parse(Id(house, message)), "DE"));
    }

    [Fact]
    public async Task A_bureau_that_is_closed_ends_it_and_one_that_takes_part_no_more_gets_none()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        Envelope message;
        using (var attending = await Attending.OpenAsync(house, "DE")) (message, _, _) = await DeliveredAsync(house, attending, Precedence.Routine);
        await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel);

        await house.CloseAsync("DE");

        await house.UntilRecordedAsync("delivery.redelivery-ended.v1");
        await PlanIsEmptyAsync(house);
        await Refused.ForAsync("UNKNOWN_BUREAU", async () => await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel));
        Assert.Equal(0, await house.CountAsync("delivery.expired.v1"));
    }

    [Fact]
    public async Task An_order_that_nobody_answers_runs_out_and_the_sender_gets_no_report_of_what_it_has_a_receipt_for()
    {
        await using var house = await House.OpenAsync(options => (options.Delivering.OpenAtMost, options.Delivering.DeadlinesLookedAtEvery) =
            (TimeSpan.FromDays(1), TimeSpan.FromMilliseconds(50)), "FR", "DE");
        var operations = await OperatorAsync(house);
        Envelope message;
        using (var attending = await Attending.OpenAsync(house, "DE")) (message, _, _) = await DeliveredAsync(house, attending, Precedence.Routine);
        house.Clock.Advance(TimeSpan.FromHours(23)); // the message's own day is over before the order's
        await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel);

        house.Clock.Advance(TimeSpan.FromHours(2));
        await CaughtUpAsync(house);
        Assert.Equal(0, await house.CountAsync("delivery.redelivery-ended.v1"));
        house.Clock.Advance(TimeSpan.FromHours(23));

        await house.UntilRecordedAsync("delivery.redelivery-ended.v1");
        await PlanIsEmptyAsync(house);
        var ended = (await house.ReadAsync(StreamId.Delivery(Id(house, message), "DE"))).Select(stored => Domain.EventTypes.Parse(stored.Type, stored.Data)).Last();
        Assert.Equal(("EXPIRED", ByteString.Empty), (((RedeliveryEnded)ended).Reason, ((RedeliveryEnded)ended).Receipt));
        Assert.Equal((0, 1), (await house.CountAsync("delivery.expired.v1"), await house.CountAsync("message.accepted.v1")));
    }

    [Fact]
    public async Task The_first_receipt_closes_it_also_when_its_signer_was_revoked_meanwhile()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        var (message, _, signed) = await DeliveredAsync(house, attending, Precedence.Routine);
        await house.RevokeAsync(house["DE"].Keys.Sign!.RawData);
        await operations.RedeliverAsync(Order(house, message), cancellationToken: Cancel);
        var again = await attending.DeliveryAsync();

        Assert.Equal("CERTIFICATE_NOT_VALID", (await attending.RefusedAsync(attending.Sign(attending.ReceiptFor(message, DeliveryOutcome.Refused)))).Reason);
        await attending.RecordAsync(signed, again.DeliveryId);

        Assert.Equal(1, await house.CountAsync("delivery.redelivery-ended.v1"));
        await PlanIsEmptyAsync(house);
    }

    [Fact]
    public async Task What_is_on_its_way_is_told_so_and_what_cannot_be_presented_again_is_refused_and_only_operators_ask()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var operations = await OperatorAsync(house);
        var waiting = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(waiting);
        Assert.Equal((RedeliverResult.OnItsWay, DeliveryState.Waiting, null), await ResultAsync(operations, Order(house, waiting)));
        Assert.Equal((RedeliverResult.OnItsWay, DeliveryState.Waiting, null), await ResultAsync(operations, Order(house, waiting, dry: true)));
        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.RecordAsync(await attending.DeliveryAsync(), DeliveryOutcome.Quarantined);

        foreach (var dry in new[] { true, false })
        {
            await RefusedAsync("FIELD_INVALID", "message_id", Order(house, waiting, dry));
            await RefusedAsync("UNKNOWN_MESSAGE", "bureau", new(Order(house, waiting, dry)) { Bureau = "ES" });
            await RefusedAsync("UNKNOWN_MESSAGE", "message_id", new(Order(house, waiting, dry)) { MessageId = MessageId.New(house.Clock.GetUtcNow()).Value });
            await RefusedAsync("UNKNOWN_BUREAU", "bureau", new(Order(house, waiting, dry)) { Bureau = "JP" });
            await RefusedAsync("FIELD_INVALID", "bureau", new(Order(house, waiting, dry)) { Bureau = "de" });
            await RefusedAsync("FIELD_INVALID", "message_id", new(Order(house, waiting, dry)) { MessageId = "x" });
            await RefusedAsync("FIELD_INVALID", "reason", new(Order(house, waiting, dry)) { Reason = "a name" });
        }
        await attending.RecordAsync(attending.Sign(attending.ReceiptFor(waiting, DeliveryOutcome.Refused)));
        await RefusedAsync("ALREADY_FINAL", "message_id", Order(house, waiting));
        await Refused.ForAsync("ROLE_REQUIRED", async () =>
            await new OperationsClient(house["FR"].Channel).RedeliverAsync(Order(house, waiting), cancellationToken: Cancel));

        async Task RefusedAsync(string reason, string field, RedeliverRequest order) => Assert.Contains(
            field, (await Refused.ForAsync(reason, async () => await operations.RedeliverAsync(order, cancellationToken: Cancel))).Fields);
    }

    private static async Task<OperationsClient> OperatorAsync(House house) =>
        new((await house.AddAsync(new Holder(HolderRole.Operator, "operator-1"))).Channel);

    private static async Task<(Envelope Message, Delivery Delivery, ByteString Signed)> DeliveredAsync(
        House house, Attending attending, Precedence precedence, DateTimeOffset? deliverBy = null)
    {
        var message = house["FR"].Compose(house["DE"], header =>
        {
            header.Precedence = precedence;
            if (deliverBy is { } by) header.DeliverBy = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(by);
        });
        await house["FR"].SubmitAsync(message);
        var delivery = await attending.DeliveryAsync();
        var signed = attending.Sign(attending.ReceiptFor(message));
        await attending.RecordAsync(signed, delivery.DeliveryId);
        return (message, delivery, signed);
    }

    private static RedeliverRequest Order(House house, Envelope message, bool dry = false) =>
        new() { Bureau = "DE", MessageId = Id(house, message), Reason = "INBOX_LOST", DryRun = dry };

    private static async Task<(RedeliverResult Result, DeliveryState State, RedeliveryOrdered? Event)> ResultAsync(OperationsClient operations, RedeliverRequest order)
    {
        var reply = await operations.RedeliverAsync(order, cancellationToken: Cancel);
        return (reply.Result, reply.State, reply.Event);
    }

    private static string Id(House house, Envelope message) => house["FR"].HeaderOf(message).MessageId;

    private static async Task CaughtUpAsync(House house)
    {
        var end = await house.Log.EndAsync(Cancel);
        await Eventually.TrueAsync("the plan has it", () => house.Node.Services.GetRequiredService<Planner>().Position >= end);
    }

    private static async Task PlanIsEmptyAsync(House house)
    {
        await CaughtUpAsync(house);
        Assert.Equal(0, house.Node.Services.GetRequiredService<Plan>().Ask.OpenRows());
    }

    private static async Task<string> BoardAsync(House house, OperationsClient operations)
    {
        await house.Node.Services.GetRequiredService<ReadModels>().CatchUpAsync(Cancel);
        return (await operations.GetBoardAsync(new BoardRequest(), cancellationToken: Cancel)).Rows.Single(row => row.Bureau == "DE").ToString();
    }

    private static async Task<RecipientTracking> TrackAsync(House house, Envelope message) => Assert.Single(
        (await house["FR"].Exchange.TrackAsync(new TrackRequest { MessageId = Id(house, message) }, cancellationToken: Cancel)).Recipients);
}
