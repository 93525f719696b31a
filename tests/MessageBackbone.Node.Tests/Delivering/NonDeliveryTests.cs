using System.Security.Cryptography.X509Certificates;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class NonDeliveryTests
{
    private const string Expiry = "delivery.expired.v1";
    private const string Accepting = "message.accepted.v1";
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sender_gets_a_report_for_each_recipient_that_did_not_get_it_as_a_message_that_it_receipts()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE", "ES");
        var message = await SubmitAsync(house, house["DE"], house["ES"]);
        using var sender = await Attending.OpenAsync(house, "FR");

        house.Clock.Advance(Hour);
        List<NonDeliveryReport> reports = [];
        for (var i = 0; i < 2; i++)
        {
            var delivery = await sender.DeliveryAsync();
            reports.Add(Open(house, sender, delivery));
            var header = house["FR"].HeaderOf(delivery.Envelope);
            Assert.Equal(
                (message.MessageId, message.ConversationId, "FR-7", Precedence.Immediate),
                (header.InReplyTo, header.ConversationId, header.Reference, header.Precedence));
            Assert.Equal((await EndOfAsync(house, message.MessageId, reports[i].Recipient)).EventId.ToString("D"), header.MessageId);
            await sender.RecordAsync(delivery);
            Assert.Equal(DeliveryState.Delivered, Assert.Single((await TrackAsync(house, header.MessageId)).Recipients).State);
        }

        Assert.Equal(["DE", "ES"], reports.Select(report => report.Recipient).Order());
        Assert.All(reports, report => Assert.Equal((message.MessageId, "EXPIRED"), (report.MessageId, report.Reason)));
        Assert.Equal(3, await house.CountAsync(Accepting));
    }

    [Fact]
    public async Task A_node_that_ended_between_the_expiry_and_its_report_makes_the_report_after_its_start_and_once()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = await SubmitAsync(house, house["DE"]);
        await house.StopAsync();
        house.Clock.Advance(Hour);

        // What a crash leaves: the end is in the log, the report is not.
        await EndWithoutReportAsync(house, message);
        await house.RestartAsync();
        await house.UntilRecordedAsync(Accepting, 2);
        await house.RestartAsync();
        await NothingOwedAsync(house);

        Assert.Equal((1, 2), (await house.CountAsync(Expiry), await house.CountAsync(Accepting)));
    }

    [Fact]
    public async Task A_plan_that_is_made_again_owes_no_report_that_was_made()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        await SubmitAsync(house, house["DE"]);
        house.Clock.Advance(Hour);
        await house.UntilRecordedAsync(Accepting, 2);
        await house.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(house.Options.DataFolder, "plan.db*")) File.Delete(file);

        await house.RestartAsync();
        await NothingOwedAsync(house);

        Assert.Equal((1, 2), (await house.CountAsync(Expiry), await house.CountAsync(Accepting)));
    }

    [Fact]
    public async Task No_bureau_may_send_a_report_of_its_own()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var forged = house["FR"].Compose(house["DE"], header => (header.Kind, header.BodyForm) = (MessageOpening.NonDeliveryKind, BodyForm.Clear));

        var refused = await Refused.ForAsync(Protocol.Signing.Reasons.FieldInvalid, () => house["FR"].SubmitAsync(forged));

        Assert.Equal(["kind"], refused.Fields);
    }

    private static void AwakeSoon(NodeOptions options) => options.Delivering.DeadlinesLookedAtEvery = TimeSpan.FromMilliseconds(50);

    private static async Task<MessageHeader> SubmitAsync(House house, params Party[] to)
    {
        var by = (house.Clock.GetUtcNow() + Hour).ToTimestamp();
        var message = house["FR"].Compose(to, header => (header.DeliverBy, header.Reference, header.Precedence) = (by, "FR-7", Precedence.Immediate));
        await house["FR"].SubmitAsync(message);
        return house["FR"].HeaderOf(message);
    }

    // As the sender's gateway judges it.
    private static NonDeliveryReport Open(House house, Attending sender, Delivery delivery)
    {
        using var node = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(house.Folder, "node", "sign.pem")));
        var view = new OpeningView(BureauCode.Parse("FR"), [node], [], BureauCode.Parse(sender.Welcome.House));
        var opened = Assert.IsType<OpeningOutcome.Opened>(MessageOpening.Open(delivery.Envelope, view));
        Assert.True(NonDelivery.TryRead(opened.Header, opened.Content, house.Anchor, out var report, out var problem), problem);
        return report;
    }

    private static async Task<EventLog.RecordedEvent> EndOfAsync(House house, string message, string bureau) =>
        Assert.Single(await house.ReadAsync(StreamId.Delivery(message, bureau)), recorded => recorded.Type == Expiry);

    private static async Task EndWithoutReportAsync(House house, MessageHeader header)
    {
        await using var log = await EventLog.Sqlite.SqliteEventLog.OpenAsync(
            new EventLog.Sqlite.SqliteEventLogOptions { Folder = house.Options.DataFolder }, house.Clock,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<EventLog.Sqlite.SqliteEventLog>.Instance);
        var at = house.Clock.GetUtcNow().ToTimestamp();
        var end = new Expired { MessageId = header.MessageId, Recipient = "DE", DeliverBy = header.DeliverBy, At = at, Node = "node" };
        var made = new EventRecorder(log, house.Clock).Prepare(end, new Provenance("urn:backbone:node:node", header.MessageId));
        Assert.IsType<AppendOutcome.Appended>(
            await log.AppendAsync(StreamId.Delivery(header.MessageId, "DE"), ExpectedRevision.NoStream, [made], Cancel));
    }

    private static async Task<Tracking> TrackAsync(House house, string message) =>
        await house["FR"].Exchange.TrackAsync(new TrackRequest { MessageId = message }, cancellationToken: Cancel);

    private static Task NothingOwedAsync(House house) => Eventually.TrueAsync("no report is owed", () =>
    {
        var (plan, planner) = (house.Node.Services.GetRequiredService<Plan>(), house.Node.Services.GetRequiredService<Planner>());
        return planner.CaughtUp.IsCompletedSuccessfully && plan.Ask.OwedReports(1).Count == 0 && plan.Ask.Overdue(house.Clock.GetUtcNow(), 1).Count == 0;
    });
}
