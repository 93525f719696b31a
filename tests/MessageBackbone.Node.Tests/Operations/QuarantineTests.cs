using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Fixtures;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Node.Tests.Escalating;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using OperationsClient = MessageBackbone.V1.OperationsService.OperationsServiceClient;

namespace MessageBackbone.Node.Tests.Operations;

/// <summary>Quarantine over the wire: a gateway's receipt, what waits behind it, and the operator's orders.</summary>
public sealed class QuarantineTests
{
    private static readonly string Conversation = Guid.CreateVersion7().ToString();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_listed_with_its_reason_what_is_behind_it_waits_and_after_its_release_all_come_in_order()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        var bad = await SubmitAsync(house, Precedence.Routine);
        await attending.RecordAsync(await attending.DeliveryAsync(), DeliveryOutcome.Quarantined);
        var row = (await ListedAsync(house, operations, 1)).Single();
        var second = await SubmitAsync(house, Precedence.Flash);
        var third = await SubmitAsync(house, Precedence.Routine);
        var other = await SubmitAsync(house, Precedence.Routine, conversation: false);

        var passing = await attending.DeliveryAsync();
        Assert.Equal((other, 3ul), (passing.Envelope, passing.Sequence));
        Assert.Empty(passing.Skipped);
        await attending.RecordAsync(passing);
        Assert.Equal(("DE", Id(house, bad), Precedence.Routine, "FR", Conversation, "CANNOT_OPEN", 1u),
            (row.Bureau, row.MessageId, row.Precedence, row.From, row.ConversationId, row.Reason, row.Attempts));
        Assert.Equal(house.Clock.GetUtcNow().ToUnixTimeSeconds(), row.Since.Seconds, 30.0);
        Assert.Equal(2ul, (await ListedAsync(house, operations, 1)).Single().WaitingBehind);
        var tracked = await TrackAsync(house, bad);
        Assert.Equal((DeliveryState.Quarantined, "CANNOT_OPEN", row.Since.Seconds), (tracked.State, tracked.Reason, tracked.QuarantinedAt.Seconds));

        var asked = Order(QuarantineAction.Release, Id(house, bad), reason: "GATEWAY_MENDED");
        asked.DryRun = true;
        Assert.Equal(Id(house, bad), Assert.Single((await operations.ReleaseQuarantineAsync(asked, cancellationToken: Cancel)).Deliveries).MessageId);
        Assert.Equal(0, await house.CountAsync("delivery.released.v1"));
        asked.DryRun = false;
        await operations.ReleaseQuarantineAsync(asked, cancellationToken: Cancel);

        foreach (var (message, repeated) in new[] { (bad, true), (second, false), (third, false) })
        {
            var delivery = await attending.DeliveryAsync();
            Assert.Equal((message, repeated), (delivery.Envelope, delivery.PossibleDuplicate));
            await attending.RecordAsync(delivery);
        }
        var released = Assert.Single((await attending.EventsAsync(bad)).OfType<Released>());
        Assert.Equal(("urn:backbone:operator:operator-1", "GATEWAY_MENDED"), (released.Operator, released.Reason));
        Assert.Empty(await ListedAsync(house, operations, 0));
        tracked = await TrackAsync(house, bad);
        Assert.Equal((DeliveryState.Delivered, null, 2), (tracked.State, tracked.QuarantinedAt, tracked.Receipts.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_is_listed_as_of_an_exercise_or_not(bool exercise)
    {
        await using var house = await House.OpenAsync("FR", "DE");
        using var attending = await Attending.OpenAsync(house, "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Exercise = exercise));
        await attending.RecordAsync(await attending.DeliveryAsync(), DeliveryOutcome.Quarantined);

        Assert.Equal(exercise, Assert.Single(await ListedAsync(house, await OperatorAsync(house), 1)).Exercise);
    }

    [Fact]
    public async Task What_is_quarantined_again_after_its_release_is_listed_again_and_still_holds_up_the_rest()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        var bad = await SubmitAsync(house, Precedence.Routine);
        var first = attending.Sign(attending.ReceiptFor(bad, DeliveryOutcome.Quarantined));
        await attending.DeliveryAsync();
        await attending.RecordAsync(first);
        await ListedAsync(house, operations, 1);
        var behind = await SubmitAsync(house, Precedence.Routine);
        await operations.ReleaseQuarantineAsync(Order(QuarantineAction.Release, Id(house, bad)), cancellationToken: Cancel);
        Assert.Equal(bad, (await attending.DeliveryAsync()).Envelope);

        // The old receipt once more is no new quarantine; a new one is.
        await attending.RecordAsync(first);
        Assert.Single((await attending.EventsAsync(bad)).OfType<Quarantined>());
        await attending.RecordAsync(attending.Sign(attending.ReceiptFor(bad, DeliveryOutcome.Quarantined)));

        Assert.Equal(1ul, (await ListedAsync(house, operations, 1)).Single().WaitingBehind);
        Assert.Equal(2, (await attending.EventsAsync(bad)).OfType<Quarantined>().Count());
        await operations.ReleaseQuarantineAsync(Order(QuarantineAction.Release, Id(house, bad)), cancellationToken: Cancel);
        await attending.RecordAsync(await attending.DeliveryAsync());
        Assert.Equal(behind, (await attending.DeliveryAsync()).Envelope);
    }

    [Fact]
    public async Task A_refusal_ends_it_tells_the_sender_and_lets_the_rest_go_on()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        using var sender = await Attending.OpenAsync(house, "FR");
        var bad = await SubmitAsync(house, Precedence.Routine);
        var inHand = await attending.DeliveryAsync();
        await attending.RecordAsync(inHand, DeliveryOutcome.Quarantined);
        await ListedAsync(house, operations, 1);
        var behind = await SubmitAsync(house, Precedence.Routine);

        await operations.ReleaseQuarantineAsync(Order(QuarantineAction.Refuse, Id(house, bad), "NOT_READABLE"), cancellationToken: Cancel);

        Assert.Equal(behind, (await attending.DeliveryAsync()).Envelope);
        var told = await sender.DeliveryAsync();
        var report = Report(house, told);
        var refused = Assert.Single((await attending.EventsAsync(bad)).OfType<RefusedByOperator>());
        Assert.Equal((Id(house, bad), "DE", "QUARANTINED", refused.At), (report.MessageId, report.Recipient, report.Reason, report.At));
        Assert.Equal(("urn:backbone:operator:operator-1", "NOT_READABLE"), (refused.Operator, refused.Reason));
        await attending.RecordAsync(inHand); // too late: evidence, and no other end
        var tracked = await TrackAsync(house, bad);
        Assert.Equal((DeliveryState.Refused, "NOT_READABLE", "urn:backbone:operator:operator-1"), (tracked.State, tracked.Reason, tracked.RefusedBy));
        var models = house.Node.Services.GetRequiredService<ReadModels>();
        await models.Board.WaitForAsync((await house.Node.Services.GetRequiredService<IEventLog>().EndAsync(Cancel)), Cancel);
        var board = (await operations.GetBoardAsync(new BoardRequest(), cancellationToken: Cancel)).Rows.Single(r => r.Bureau == "DE");
        Assert.Equal((1ul, 0ul, 0ul), (board.Refused, board.Quarantined, board.Delivered));
        await models.Deliveries.WaitForAsync((await house.Node.Services.GetRequiredService<IEventLog>().EndAsync(Cancel)), Cancel);
        var standing = Assert.Single(await new Deliveries(models.Deliveries).OfMessageAsync(Id(house, bad), null, Cancel));
        Assert.Equal((DeliveryState.Refused, "NOT_READABLE"), (standing.State, standing.Reason));
    }

    [Fact]
    public async Task A_later_one_does_not_pass_an_earlier_one_and_a_whole_conversation_goes_in_order()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        var messages = new List<Envelope>();
        for (var i = 0; i < 3; i++) messages.Add(await SubmitAsync(house, Precedence.Routine));
        // All three were in hand before the first was quarantined: none is called back.
        foreach (var delivery in (await attending.DeliveriesAsync(3)).Where(d => !d.Envelope.Equals(messages[1])))
            await attending.RecordAsync(delivery, DeliveryOutcome.Quarantined);
        await ListedAsync(house, operations, 2);

        await Refused.ForAsync("FIELD_INVALID", async () =>
            await operations.ReleaseQuarantineAsync(Order(QuarantineAction.Release, Id(house, messages[2])), cancellationToken: Cancel));
        var whole = new ReleaseQuarantineRequest { Bureau = "DE", ConversationId = Conversation, Action = QuarantineAction.Release };
        var reply = await operations.ReleaseQuarantineAsync(whole, cancellationToken: Cancel);

        Assert.Equal([Id(house, messages[0]), Id(house, messages[2])], reply.Deliveries.Select(d => d.MessageId));
        Assert.Equal(0ul, reply.Left);
        Assert.Equal(messages[0], (await attending.DeliveryAsync()).Envelope);
    }

    [Fact]
    public async Task After_a_restart_with_a_new_plan_the_same_waits()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        Envelope behind;
        using (var attending = await Attending.OpenAsync(house, "DE"))
        {
            await SubmitAsync(house, Precedence.Routine);
            await attending.RecordAsync(await attending.DeliveryAsync(), DeliveryOutcome.Quarantined);
            await ListedAsync(house, operations, 1);
            behind = await SubmitAsync(house, Precedence.Routine);
        }
        await house.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(house.Options.DataFolder, "plan.db*")) File.Delete(file);

        await house.RestartAsync();
        var other = await SubmitAsync(house, Precedence.Routine, conversation: false);

        using var again = await Attending.OpenAsync(house, "DE");
        Assert.Equal(other, (await again.DeliveryAsync()).Envelope);
        Assert.Null(house.Node.Services.GetRequiredService<Plan>().Ask.NextOpen(new LaneKey("DE", Precedence.Routine), 0, DateTimeOffset.UnixEpoch) is { } row
            && row.MessageText == Id(house, behind) ? row : null);
    }

    [Theory]
    [InlineData(QuarantineAction.Release)]
    [InlineData(QuarantineAction.Refuse)]
    public async Task A_copy_at_an_alternate_is_let_go_on_or_refused_like_any_other(QuarantineAction action)
    {
        await using var house = await LateHouse.OpenAsync(null, "FR", "DE", "ES");
        var operations = await OperatorAsync(house);
        using var alternate = await Attending.OpenAsync(house, "ES");
        var message = await house.SubmitAsync(Precedence.Flash, "ES");
        house.Clock.Advance(TimeSpan.FromMinutes(15));
        await alternate.RecordAsync(await alternate.DeliveryAsync(), DeliveryOutcome.Quarantined);
        await ListedAsync(house, operations, 1, "ES");

        var order = Order(action, house.IdOf(message), "GATEWAY_MENDED");
        order.Bureau = "ES";
        await operations.ReleaseQuarantineAsync(order, cancellationToken: Cancel);

        if (action == QuarantineAction.Release) Assert.Equal(message, (await alternate.DeliveryAsync()).Envelope);
        else Assert.IsType<RefusedByOperator>((await house.EventsAsync(message, "ES"))[^1]);
        await ListedAsync(house, operations, 0, "ES");
    }

    [Fact]
    public async Task What_is_said_about_a_message_does_not_wait_behind_it()
    {
        await using var house = await LateHouse.OpenAsync(null, "FR", "DE");
        var operations = await OperatorAsync(house);
        using var attending = await Attending.OpenAsync(house, "DE");
        var held = await SubmitAsync(house, Precedence.Flash);
        await attending.RecordAsync(await attending.DeliveryAsync());
        var bad = await SubmitAsync(house, Precedence.Flash);
        await attending.RecordAsync(await attending.DeliveryAsync(), DeliveryOutcome.Quarantined);
        await ListedAsync(house, operations, 1);

        // The notice that it is late, and an order about what came before it.
        house.Clock.Advance(TimeSpan.FromMinutes(10));
        string[] late = [house.Notice("DE", attending, await attending.DeliveryAsync()).MessageId, house.Notice("DE", attending, await attending.DeliveryAsync()).MessageId];
        var order = house.Order("FR", held);
        await house["FR"].SubmitAsync(order);

        Assert.Equal([Id(house, held), Id(house, bad)], late.Order(StringComparer.Ordinal));
        Assert.Equal(order, (await attending.DeliveryAsync()).Envelope);
        Assert.Equal(0ul, (await ListedAsync(house, operations, 1)).Single().WaitingBehind);
    }

    [Theory]
    [InlineData("", "message_id")]
    [InlineData("action", "action")]
    [InlineData("reason", "reason")]
    [InlineData("bureau", "bureau")]
    public async Task An_order_that_is_not_whole_is_refused(string fault, string field)
    {
        await using var house = await House.OpenAsync("FR");
        var operations = await OperatorAsync(house);
        var order = Order(QuarantineAction.Refuse, fault.Length == 0 ? "" : MessageId.New(house.Clock.GetUtcNow()).Value, "NOT_READABLE");
        if (fault == "action") order.Action = QuarantineAction.Unspecified;
        if (fault == "reason") order.Reason = "a name";
        if (fault == "bureau") order.Bureau = "de";

        var refused = await Refused.ForAsync("FIELD_INVALID", async () => await operations.ReleaseQuarantineAsync(order, cancellationToken: Cancel));

        Assert.Contains(field, refused.Fields);
    }

    [Fact]
    public async Task What_is_not_quarantined_is_unknown_and_only_operators_ask()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        var waiting = await SubmitAsync(house, Precedence.Routine);

        await Refused.ForAsync("UNKNOWN_MESSAGE", async () =>
            await operations.ReleaseQuarantineAsync(Order(QuarantineAction.Release, Id(house, waiting)), cancellationToken: Cancel));
        await Refused.ForAsync("FIELD_INVALID", async () =>
            await operations.ListQuarantineAsync(new ListQuarantineRequest { After = "nowhere" }, cancellationToken: Cancel));
        await Refused.ForAsync("ROLE_REQUIRED", async () =>
            await new OperationsClient(house["FR"].Channel).ListQuarantineAsync(new ListQuarantineRequest(), cancellationToken: Cancel));
        await Refused.ForAsync("ROLE_REQUIRED", async () => await new OperationsClient(house["FR"].Channel)
            .ReleaseQuarantineAsync(Order(QuarantineAction.Release, Id(house, waiting)), cancellationToken: Cancel));
    }

    private static async Task<OperationsClient> OperatorAsync(House house) =>
        new((await house.AddAsync(new Holder(HolderRole.Operator, "operator-1"))).Channel);

    private static async Task<Envelope> SubmitAsync(House house, Precedence precedence, bool conversation = true)
    {
        var message = house["FR"].Compose(house["DE"], header =>
        {
            header.Precedence = precedence;
            if (conversation) header.ConversationId = Conversation;
        });
        await house["FR"].SubmitAsync(message);
        return message;
    }

    private static ReleaseQuarantineRequest Order(QuarantineAction action, string id, string reason = "") =>
        new() { Bureau = "DE", MessageId = id, Action = action, Reason = reason };

    // The plan follows the log: what was recorded a moment ago may not be in it yet.
    private static async Task<IReadOnlyList<QuarantinedDelivery>> ListedAsync(House house, OperationsClient operations, int count, string bureau = "DE")
    {
        var end = await house.Node.Services.GetRequiredService<IEventLog>().EndAsync(Cancel);
        await Eventually.TrueAsync("the plan has it", () => house.Node.Services.GetRequiredService<Planner>().Position >= end);
        var list = await operations.ListQuarantineAsync(new ListQuarantineRequest { Bureau = bureau }, cancellationToken: Cancel);
        Assert.Equal((count, (ulong)count, ""), (list.Deliveries.Count, list.Total, list.Next));
        return list.Deliveries;
    }

    private static string Id(House house, Envelope message) => house["FR"].HeaderOf(message).MessageId;

    private static async Task<RecipientTracking> TrackAsync(House house, Envelope message) => Assert.Single(
        (await house["FR"].Exchange.TrackAsync(new TrackRequest { MessageId = Id(house, message) }, cancellationToken: Cancel)).Recipients);

    private static NonDeliveryReport Report(House house, Delivery delivery)
    {
        var content = SealedContent.Parser.ParseFrom(delivery.Envelope.Body);
        Assert.True(NonDelivery.TryRead(house["FR"].HeaderOf(delivery.Envelope), content, house.Anchor, out var report, out var problem), problem);
        return report;
    }
}
