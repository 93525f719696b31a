using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using static MessageBackbone.Node.Tests.Escalating.LateHouse;

namespace MessageBackbone.Node.Tests.Escalating;

public sealed class EscalatorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_late_delivery_is_escalated_step_by_step_none_before_its_time_and_each_party_is_told_once()
    {
        await using var house = await OpenAsync(levels => levels.DutyDesks["DE"] = "DE-DUTY", "FR", "DE", "DE-DUTY");
        var message = await house.SubmitAsync(Precedence.Flash);
        using var desk = await Attending.OpenAsync(house, "DE-DUTY");
        using var sender = await Attending.OpenAsync(house, "FR");
        house.Clock.Advance(TimeSpan.FromMinutes(9.9));
        await house.UntilQuietAsync();
        Assert.Empty(await house.StepsAsync(message));

        house.Clock.Advance(TimeSpan.FromMinutes(0.2));
        var atDesk = house.Notice("DE-DUTY", desk, await desk.DeliveryAsync());
        Assert.Equal((house.IdOf(message), "DE", EscalationStep.DutyDesk, "NOT_DELIVERED", "FR"), (atDesk.MessageId, atDesk.Recipient, atDesk.Step, atDesk.Reason, atDesk.From));
        await house.UntilQuietAsync();
        Assert.Equal([EscalationStep.DutyDesk], await house.StepsAsync(message));

        house.Clock.Advance(TimeSpan.FromMinutes(15));
        var delivery = await sender.DeliveryAsync();
        var atSender = house.Notice("FR", sender, delivery);
        Assert.Equal((EscalationStep.Sender, "NOT_DELIVERED"), (atSender.Step, atSender.Reason));
        var header = house["FR"].HeaderOf(delivery.Envelope);
        Assert.Equal((house.IdOf(message), "FR-7", Precedence.Flash), (header.InReplyTo, header.Reference, header.Precedence));
        await house.UntilQuietAsync();
        Assert.Equal([EscalationStep.DutyDesk, EscalationStep.Alternate, EscalationStep.Sender, EscalationStep.Operator], await house.StepsAsync(message));
        // The message and two notices: nobody is told of an operator's step, nor of an alternate that there is not.
        Assert.Equal(3, await house.CountAsync(WasAccepted));
        var tracked = Assert.Single((await house.TrackAsync("FR", message)).Recipients);
        Assert.Equal(["DE-DUTY", "", "FR", ""], tracked.Escalations.Select(taken => taken.To));
        Assert.Equal(DeliveryState.Waiting, tracked.State);
        Assert.Empty(Assert.Single((await house.TrackAsync("DE", message)).Recipients).Escalations);
    }

    [Theory]
    [InlineData(Precedence.Flash, true)]
    [InlineData(Precedence.Immediate, true)]
    [InlineData(Precedence.Priority, false)]
    [InlineData(Precedence.Routine, false)]
    public async Task A_delivered_message_is_late_until_it_is_opened_if_it_is_urgent(Precedence precedence, bool late)
    {
        await using var house = await OpenAsync(null, "FR", "DE");
        var message = await house.SubmitAsync(precedence);
        var control = await house.SubmitAsync(precedence);
        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.RecordAsync(await attending.DeliveryAsync());
        var second = await attending.DeliveryAsync();
        await attending.RecordAsync(second);
        await attending.RecordAsync(second, DeliveryOutcome.Opened);

        house.Clock.Advance(house.Options.Escalation.Of(precedence).Within);
        await house.UntilQuietAsync();

        Assert.Equal(late ? [EscalationStep.DutyDesk] : [], await house.StepsAsync(message));
        Assert.Empty(await house.StepsAsync(control));
        if (late) Assert.Equal("NOT_OPENED", (await house.EventsAsync(message)).OfType<Escalated>().Single().Reason);
    }

    [Fact]
    public async Task A_precedence_that_is_switched_off_has_no_clock_and_what_has_ended_is_late_no_more()
    {
        await using var house = await OpenAsync(levels => levels.Routine.Off = true, "FR", "DE");
        var routine = await house.SubmitAsync(Precedence.Routine);
        var flash = await house.SubmitAsync(Precedence.Flash);
        house.Clock.Advance(TimeSpan.FromHours(9));
        await house.UntilQuietAsync();
        Assert.Empty(await house.StepsAsync(routine));
        Assert.Equal(("DE", Precedence.Flash, 1ul), Assert.Single(await house.Clocks().LateAsync(Cancel)));

        using var attending = await Attending.OpenAsync(house, "DE");
        await attending.RecordAsync(await DeliveryOfAsync(attending, house, flash), DeliveryOutcome.Refused);
        await house.Clocks().CatchUpAsync(Cancel);

        Assert.Equal(("DE", Precedence.Flash, 0ul), Assert.Single(await house.Clocks().LateAsync(Cancel)));
    }

    [Theory]
    [InlineData("DE", "", "FR")]
    [InlineData("FR", "DE", "")]
    public async Task Nobody_who_is_closed_is_told_that_something_is_late(string closed, string atDesk, string atSender)
    {
        await using var house = await OpenAsync(null, "FR", "DE");
        var message = await house.SubmitAsync(Precedence.Flash);
        using (var attending = await Attending.OpenAsync(house, "DE")) await attending.RecordAsync(await attending.DeliveryAsync());
        await house.CloseAsync(closed);

        house.Clock.Advance(TimeSpan.FromDays(1));
        await house.UntilQuietAsync();

        Assert.Equal([atDesk, "", atSender, ""], (await house.EventsAsync(message)).OfType<Escalated>().Select(e => e.To));
        Assert.Equal(2, await house.CountAsync(WasAccepted));
    }

    [Fact]
    public async Task What_the_house_itself_reports_is_never_late()
    {
        await using var house = await OpenAsync(null, "FR", "DE");
        await house.SubmitAsync(Precedence.Flash);
        house.Clock.Advance(TimeSpan.FromDays(2));
        await house.UntilQuietAsync();
        var (steps, messages) = (await house.CountAsync(StepTaken), await house.CountAsync(WasAccepted));

        house.Clock.Advance(TimeSpan.FromDays(2));
        await house.UntilQuietAsync();

        Assert.Equal((4, 3), (steps, messages));
        Assert.Equal((steps, messages), (await house.CountAsync(StepTaken), await house.CountAsync(WasAccepted)));
    }

    [Fact]
    public async Task What_was_due_while_the_node_was_down_is_done_after_its_start_and_once()
    {
        await using var house = await OpenAsync(null, "FR", "DE");
        var message = await house.SubmitAsync(Precedence.Flash);
        await house.StopAsync();
        house.Clock.Advance(TimeSpan.FromMinutes(12));
        // What a crash leaves: the step is in the log, its notice is not.
        await StepWithoutNoticeAsync(house, message);

        await house.RestartAsync();
        await house.UntilRecordedAsync(WasAccepted, 2);
        await house.RestartAsync();
        await house.UntilQuietAsync();

        Assert.Equal([EscalationStep.DutyDesk], await house.StepsAsync(message));
        Assert.Equal(2, await house.CountAsync(WasAccepted));
    }

    [Fact]
    public async Task Rows_that_are_made_again_take_no_step_and_tell_nobody_a_second_time()
    {
        await using var house = await OpenAsync(null, "FR", "DE");
        await house.SubmitAsync(Precedence.Flash, change: _ => { });
        house.Clock.Advance(TimeSpan.FromHours(1));
        await house.UntilQuietAsync();
        var before = (await house.CountAsync(StepTaken), await house.CountAsync(WasAccepted));

        await house.Node.Services.GetRequiredService<ReadModels>().Find("clocks")!.RebuildAsync(Cancel);
        await house.UntilQuietAsync();
        await house.StopAsync();
        foreach (var file in System.IO.Directory.GetFiles(Path.Combine(house.Options.DataFolder, "read-models"), "clocks.db*")) File.Delete(file);
        await house.RestartAsync();
        await house.UntilQuietAsync();

        Assert.Equal(before, (await house.CountAsync(StepTaken), await house.CountAsync(WasAccepted)));
        Assert.Equal(("DE", Precedence.Flash, 1ul), Assert.Single(await house.Clocks().LateAsync(Cancel)));
    }

    private static async Task<Delivery> DeliveryOfAsync(Attending attending, House house, Envelope message)
    {
        while (true)
            if (await attending.DeliveryAsync() is var delivery && house.IdOf(delivery.Envelope) == house.IdOf(message))
                return delivery;
    }

    private static async Task StepWithoutNoticeAsync(House house, Envelope message)
    {
        await using var log = await EventLog.Sqlite.SqliteEventLog.OpenAsync(
            new EventLog.Sqlite.SqliteEventLogOptions { Folder = house.Options.DataFolder }, house.Clock,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<EventLog.Sqlite.SqliteEventLog>.Instance);
        var at = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(house.Clock.GetUtcNow());
        var step = new Escalated
        {
            MessageId = house.IdOf(message),
            Recipient = "DE",
            Step = EscalationStep.DutyDesk,
            To = "DE",
            Reason = "NOT_DELIVERED",
            DueAt = at,
            At = at,
            Node = "node",
        };
        var made = new EventRecorder(log, house.Clock).Prepare(step, new Provenance("urn:backbone:node:node", step.MessageId));
        Assert.IsType<AppendOutcome.Appended>(await log.AppendAsync(StreamId.Delivery(step.MessageId, "DE"), ExpectedRevision.NoStream, [made], Cancel));
    }
}
