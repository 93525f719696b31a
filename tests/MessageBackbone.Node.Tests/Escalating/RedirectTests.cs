using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Tests.Content;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using static MessageBackbone.Node.Tests.Escalating.LateHouse;

namespace MessageBackbone.Node.Tests.Escalating;

public sealed class RedirectTests
{
    private static readonly TimeSpan AlternateIsDue = TimeSpan.FromMinutes(15);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_nobody_fetches_goes_to_the_alternate_who_opens_it_and_its_receipts_count()
    {
        await using var house = await OpenAsync(null, "FR", "DE", "ES");
        using var alternate = await Attending.OpenAsync(house, "ES");
        var message = await house.SubmitAsync(Precedence.Flash, "ES");
        await IsNobodyAsync(house, alternate, message);

        house.Clock.Advance(AlternateIsDue);
        var delivery = await alternate.DeliveryAsync();
        Assert.Equal((message, 1ul), (delivery.Envelope, delivery.Sequence));
        Assert.IsType<OpeningOutcome.Opened>(MessageOpening.Open(
            delivery.Envelope, new OpeningView(BureauCode.Parse("ES"), [house["FR"].Keys.Sign!], [house["ES"].Keys.Seal!])));
        await alternate.RecordAsync(delivery);
        await alternate.RecordAsync(delivery, DeliveryOutcome.Opened);

        var tracked = (await house.TrackAsync("FR", message)).Recipients;
        Assert.Equal([("DE", DeliveryState.Redirected, "ES", ""), ("ES", DeliveryState.Opened, "", "DE")],
            tracked.Select(r => (r.Recipient, r.State, r.RedirectedTo, r.InsteadOf)));
        Assert.Equal(("ES", DeliveryState.Opened), Assert.Single((await house.TrackAsync("ES", message)).Recipients) is var own ? (own.Recipient, own.State) : default);
        Assert.Empty(Assert.Single((await house.TrackAsync("DE", message)).Recipients).RedirectedTo);
        Assert.Equal(message.Body.Length, await DownloadAsync(house, message));
        // The sender is told, under the id of the event.
        await house.UntilQuietAsync();
        using var sender = await Attending.OpenAsync(house, "FR");
        var told = house.Notice("FR", sender, await sender.DeliveryAsync());
        Assert.Equal(("REDIRECTED", "DE", "ES"), (told.Reason, told.Recipient, told.Alternate));
        // Nothing is late any more, whatever time goes by.
        var steps = await house.CountAsync(StepTaken);
        house.Clock.Advance(TimeSpan.FromDays(1));
        await house.UntilQuietAsync();
        Assert.Equal(steps, await house.CountAsync(StepTaken));
    }

    [Fact]
    public async Task The_first_recipients_receipt_that_comes_too_late_is_evidence_and_the_board_counts_both()
    {
        await using var house = await OpenAsync(levels => levels.DutyDesks["DE"] = "DE-DUTY", "FR", "DE", "DE-DUTY", "ES");
        var message = await house.SubmitAsync(Precedence.Flash, "ES");
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();
        house.Clock.Advance(AlternateIsDue);
        await house.UntilRecordedAsync(WasRedirected);

        var late = await attending.RecordAsync(delivery);

        Assert.IsType<Delivered>((await house.EventsAsync(message))[^1]);
        var tracked = (await house.TrackAsync("FR", message)).Recipients[0];
        Assert.Equal((DeliveryState.Redirected, 1), (tracked.State, tracked.Receipts.Count));
        var models = house.Node.Services.GetRequiredService<ReadModels>();
        await models.CatchUpAsync(Cancel);
        Assert.True(models.Board.Position.Value >= late.Position);
        var rows = (await models.Board.File.ReadAsync(BoardTally.Read, Cancel)).Rows.ToDictionary(row => row.Bureau);
        Assert.Equal((1ul, 0ul, 0ul), (rows["DE"].Redirected, rows["DE"].Waiting, rows["DE"].Delivered));
        Assert.Equal((0ul, 1ul), (rows["ES"].Redirected, rows["ES"].Waiting));
        var standings = await new Deliveries(models.Deliveries).OfMessageAsync(house.IdOf(message), null, Cancel);
        Assert.Equal([("DE", DeliveryState.Redirected), ("ES", DeliveryState.Waiting)], standings.Select(s => (s.Recipient, s.State)));
    }

    [Fact]
    public async Task What_was_delivered_and_not_opened_goes_to_the_alternate_as_a_copy_and_can_still_be_opened()
    {
        await using var house = await OpenAsync(null, "FR", "DE", "ES");
        var message = await house.SubmitAsync(Precedence.Immediate, "ES");
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();
        await attending.RecordAsync(delivery);
        using var alternate = await Attending.OpenAsync(house, "ES");

        house.Clock.Advance(TimeSpan.FromMinutes(45));
        Assert.Equal(message, (await alternate.DeliveryAsync()).Envelope);

        Assert.Equal([DeliveryState.Delivered, DeliveryState.Waiting], (await house.TrackAsync("FR", message)).Recipients.Select(r => r.State));
        await attending.RecordAsync(delivery, DeliveryOutcome.Opened);
        Assert.Equal((DeliveryState.Opened, "ES"), (await house.TrackAsync("FR", message)).Recipients[0] is var r ? (r.State, r.RedirectedTo) : default);
    }

    [Fact]
    public async Task A_copy_at_an_alternate_expires_and_a_plan_that_is_made_again_holds_it()
    {
        await using var house = await OpenAsync(null, "FR", "DE", "ES");
        var by = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(house.Clock.GetUtcNow().AddHours(1));
        var message = await house.SubmitAsync(Precedence.Flash, "ES", header => header.DeliverBy = by);
        house.Clock.Advance(AlternateIsDue);
        await house.UntilRecordedAsync(WasRedirected);
        await house.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(house.Options.DataFolder, "plan.db*")) File.Delete(file);
        await house.RestartAsync();
        await house.Node.Services.GetRequiredService<Planner>().CaughtUp.WaitAsync(Cancel);
        var plan = house.Node.Services.GetRequiredService<Plan>();
        Assert.Null(plan.Ask.Find(Guid.Parse(house.IdOf(message)), "DE"));
        Assert.NotNull(plan.Ask.Find(Guid.Parse(house.IdOf(message)), "ES"));

        house.Clock.Advance(TimeSpan.FromHours(1));
        await house.UntilRecordedAsync("delivery.expired.v1");

        Assert.Equal([DeliveryState.Redirected, DeliveryState.Expired], (await house.TrackAsync("FR", message)).Recipients.Select(r => r.State));
        await Eventually.TrueAsync("the plan is rid of it", () => plan.Ask.Find(Guid.Parse(house.IdOf(message)), "ES") is null);
    }

    [Fact]
    public async Task An_alternate_that_was_closed_gets_nothing_and_who_stands_in_is_named_to_the_sender()
    {
        await using var house = await OpenAsync(levels => levels.Alternates["DE"] = "DE-DUTY", "FR", "DE", "ES", "DE-DUTY");
        var message = await house.SubmitAsync(Precedence.Flash, "ES");
        await house.CloseAsync("ES");
        using var sender = await Attending.OpenAsync(house, "FR");

        house.Clock.Advance(AlternateIsDue);
        var asked = house.Notice("FR", sender, await sender.DeliveryAsync());

        Assert.Equal((EscalationStep.Alternate, "RESEAL_REQUESTED", "DE-DUTY"), (asked.Step, asked.Reason, asked.Alternate));
        Assert.Equal(0, await house.CountAsync(WasRedirected));
        Assert.Empty(await house.EventsAsync(message, "ES"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_its_sender_recalled_is_late_for_nobody_and_goes_to_no_alternate(bool delivered)
    {
        await using var house = await OpenAsync(null, "FR", "DE", "ES");
        var message = await house.SubmitAsync(Precedence.Flash, "ES");
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();
        if (delivered) await attending.RecordAsync(delivery);

        await house["FR"].SubmitAsync(house.Order("FR", message));
        await house.UntilRecordedAsync("message.recall-ordered.v1");
        house.Clock.Advance(TimeSpan.FromDays(1));
        await house.UntilQuietAsync();

        Assert.Empty(await house.StepsAsync(message));
        Assert.Empty(await house.EventsAsync(message, "ES"));
        Assert.Contains(await house.EventsAsync(message), e => delivered ? e is AskedBack : e is Recalled);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_copy_that_an_alternate_got_before_is_recalled_with_it_also_by_an_order_that_does_not_name_it(bool delivered)
    {
        await using var house = await OpenAsync(null, "FR", "DE", "ES");
        var message = await house.SubmitAsync(Precedence.Flash, "ES");
        house.Clock.Advance(AlternateIsDue);
        await house.UntilRecordedAsync(WasRedirected);
        using var alternate = delivered ? await Attending.OpenAsync(house, "ES") : null;
        if (alternate is not null) await alternate.RecordAsync(await alternate.DeliveryAsync());

        await house["FR"].SubmitAsync(house.Order("FR", message));
        await house.UntilRecordedAsync("message.recall-ordered.v1");

        Assert.Contains(await house.EventsAsync(message, "ES"), e => delivered ? e is AskedBack : e is Recalled);
        var steps = await house.StepsAsync(message, "ES");
        house.Clock.Advance(TimeSpan.FromDays(1));
        await house.UntilQuietAsync();
        Assert.Equal(steps, await house.StepsAsync(message, "ES"));
    }

    [Fact]
    public async Task An_alternate_gets_the_attachments_from_the_redirection_on_and_a_stranger_never()
    {
        await using var house = await OpenAsync(null, "FR", "DE", "ES", "IT");
        var content = Uploading.Bytes(300_000);
        var sha256 = Uploading.Sha256(content);
        await house["FR"].UploadAsync(content);
        var message = await house.SubmitAsync(Precedence.Flash, "ES", header => header.Attachments.Add(Uploading.Reference(content)));
        foreach (var bureau in (string[])["ES", "IT"]) await AreNotForAsync(bureau);

        house.Clock.Advance(AlternateIsDue);
        await house.UntilRecordedAsync(WasRedirected);

        Assert.Equal(content, await house["ES"].DownloadAsync(house.IdOf(message), sha256));
        await AreNotForAsync("IT");

        Task<Refused> AreNotForAsync(string bureau) =>
            Refused.ForAsync(Reasons.UnknownMessage, () => house[bureau].DownloadAsync(house.IdOf(message), sha256));
    }

    // Named and sealed for, and yet none of its business until the event.
    private static async Task IsNobodyAsync(House house, Attending alternate, Envelope message)
    {
        Assert.Equal(Reasons.UnknownMessage, (await alternate.RefusedAsync(alternate.Sign(alternate.ReceiptFor(message)))).Reason);
        await Refused.ForAsync(Reasons.UnknownMessage, () => house.TrackAsync("ES", message));
        await Refused.ForAsync(Reasons.UnknownMessage, () => DownloadAsync(house, message));
    }

    private static async Task<int> DownloadAsync(House house, Envelope message)
    {
        using var call = house["ES"].Exchange.DownloadContent(
            new ContentRequest { MessageId = house.IdOf(message), Sha256 = house["FR"].HeaderOf(message).BodySha256 }, cancellationToken: Cancel);
        var size = 0;
        while (await call.ResponseStream.MoveNext(Cancel)) size += call.ResponseStream.Current.Data.Length;
        return size;
    }
}
