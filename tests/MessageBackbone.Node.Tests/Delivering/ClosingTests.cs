using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
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

/// <summary>Deliveries to a bureau that is closed for good.</summary>
public sealed class ClosingTests
{
    private const string Expiry = "delivery.expired.v1", Accepting = "message.accepted.v1", ClosingOf = "directory.bureau-closed.v1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_waits_for_a_bureau_ends_when_it_is_closed_the_most_urgent_first_and_the_sender_is_told_why()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        var routine = await SubmitAsync(house, Precedence.Routine);
        var apart = await SubmitAsync(house, Precedence.Priority);
        using (var attending = await Attending.OpenAsync(house, "DE", new Window { Priority = 1 }))
            await attending.RecordAsync(await attending.DeliveryAsync(), DeliveryOutcome.Quarantined);
        var flash = await SubmitAsync(house, Precedence.Flash);
        using var sender = await Attending.OpenAsync(house, "FR");

        await house.CloseAsync("DE");
        await house.UntilRecordedAsync(Expiry, 3);

        var closing = Assert.Single(await house.ReadAsync(StreamId.Directory), recorded => recorded.Type == ClosingOf).EventId.ToString("D");
        var ends = new List<LogPosition>();
        foreach (var message in (MessageHeader[])[flash, apart, routine])
        {
            var end = (await house.ReadAsync(StreamId.Delivery(message.MessageId, "DE")))[^1];
            var expired = Assert.IsType<Expired>(EventTypes.Parse(end.Type, end.Data));
            Assert.Equal((message.MessageId, "DE", closing, null), (expired.MessageId, expired.Recipient, expired.Because, expired.DeliverBy));
            Assert.Equal(closing, EventMetadata.Parser.ParseFrom(end.Metadata.Span).Causation);
            ends.Add(end.Position);
            var tracked = await TrackAsync(house, message);
            Assert.Equal((DeliveryState.Expired, "BUREAU_CLOSED"), (tracked.State, tracked.Reason));
        }

        Assert.Equal(ends.Order(), ends);
        var reports = (await sender.DeliveriesAsync(3)).ConvertAll(delivery => Open(house, sender, delivery));
        Assert.All(reports, report => Assert.Equal(("DE", "BUREAU_CLOSED"), (report.Recipient, report.Reason)));
        Assert.Equal(new[] { flash, apart, routine }.Select(message => message.MessageId).Order(), reports.Select(report => report.MessageId).Order());
    }

    [Fact]
    public async Task What_was_open_or_accepted_meanwhile_when_the_node_ended_is_ended_after_its_start_and_once()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE");
        var message = await SubmitAsync(house, Precedence.Flash);
        await house.StopAsync();
        // What a crash leaves: the closing is in the log and nothing that follows from it; and behind it a message that was judged good before.
        await CloseWithoutEndAsync(house, message);

        await house.RestartAsync();
        await house.UntilRecordedAsync(Expiry, 2);
        await house.UntilRecordedAsync(Accepting, 4);
        await house.RestartAsync();
        await UntilQuietAsync(house);
        await house.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(house.Options.DataFolder, "plan.db*")) File.Delete(file);
        await house.RestartAsync();
        await UntilQuietAsync(house);

        Assert.Equal((2, 4), (await house.CountAsync(Expiry), await house.CountAsync(Accepting)));
    }

    [Fact]
    public async Task A_closed_sender_is_told_nothing_and_what_waits_for_it_ends_without_a_report_on_the_report()
    {
        await using var house = await House.OpenAsync(AwakeSoon, "FR", "DE", "ES");
        var message = await SubmitAsync(house, Precedence.Flash, "DE", "ES");
        await house.CloseAsync("DE");
        await house.UntilRecordedAsync(Accepting, 2);

        // Its report on DE waits for it.
        await house.CloseAsync("FR");
        await house.UntilRecordedAsync(Expiry, 2);
        await house.CloseAsync("ES");
        await house.UntilRecordedAsync(Expiry, 3);
        await UntilQuietAsync(house);

        Assert.Equal((3, 2), (await house.CountAsync(Expiry), await house.CountAsync(Accepting)));
        Assert.Equal(0, house.Node.Services.GetRequiredService<Plan>().Ask.OpenRows());
        Assert.Single(await house.ReadAsync(StreamId.Delivery(message.MessageId, "ES")));
    }

    private static void AwakeSoon(NodeOptions options) => options.Delivering.DeadlinesLookedAtEvery = TimeSpan.FromMilliseconds(50);

    private static async Task<MessageHeader> SubmitAsync(House house, Precedence precedence, params string[] to)
    {
        var message = house["FR"].Compose([.. (to.Length > 0 ? to : ["DE"]).Select(bureau => house[bureau])], header => header.Precedence = precedence);
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

    private static async Task CloseWithoutEndAsync(House house, MessageHeader before)
    {
        await using var log = await EventLog.Sqlite.SqliteEventLog.OpenAsync(
            new EventLog.Sqlite.SqliteEventLogOptions { Folder = house.Options.DataFolder }, house.Clock,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<EventLog.Sqlite.SqliteEventLog>.Instance);
        var made = new EventRecorder(log, house.Clock);
        var why = new Provenance("urn:backbone:node:node", before.MessageId);
        var act = new CloseBureau { ActId = Guid.CreateVersion7(house.Clock.GetUtcNow()).ToString("D"), Code = "DE", Reason = "MERGED" };
        await AppendAsync(log, StreamId.Directory, made.Prepare(new BureauClosed { Act = act, Order = ByteString.CopyFromUtf8("order") }, why));
        var accepted = new Accepted { Content = before.Clone(), HeaderSha256 = ByteString.CopyFrom(new byte[32]), Recipients = { "DE" }, Node = "node" };
        accepted.Content.MessageId = Guid.CreateVersion7(house.Clock.GetUtcNow()).ToString("D");
        await AppendAsync(log, StreamId.Message(accepted.Content.MessageId), made.Prepare(accepted, why));
    }

    private static async Task AppendAsync(EventLog.Sqlite.SqliteEventLog log, StreamId stream, NewEvent made) =>
        Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(stream, ExpectedRevision.Any, [made], Cancel));

    private static async Task<RecipientTracking> TrackAsync(House house, MessageHeader message) =>
        Assert.Single((await house["FR"].Exchange.TrackAsync(new TrackRequest { MessageId = message.MessageId }, cancellationToken: Cancel)).Recipients);

    private static Task UntilQuietAsync(House house) => Eventually.TrueAsync("nothing is to be ended or told", async () =>
    {
        var (plan, planner) = (house.Node.Services.GetRequiredService<Plan>(), house.Node.Services.GetRequiredService<Planner>());
        return planner.CaughtUp.IsCompletedSuccessfully && planner.Position >= await house.Log.EndAsync(Cancel)
            && plan.Ask.ClosedRows(1).Count == 0 && plan.Ask.OwedReports(1).Count == 0;
    });
}
