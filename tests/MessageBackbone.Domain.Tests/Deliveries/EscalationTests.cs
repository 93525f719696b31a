using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Deliveries;

public sealed class EscalationTests
{
    private static readonly ServiceLevel Ten = ServiceLevel.Of(TimeSpan.FromMinutes(10));

    /// <summary>So many minutes after noon, when it was accepted; it is late after ten. The step is the last one whose time has come, unless named.</summary>
    internal static Escalate Escalate(
        double minutes, Precedence precedence = Precedence.Flash, string alternate = "", string standing = "", string kind = "text", string recipient = "DE",
        EscalationStep? step = null)
    {
        var message = Sample.Accepted();
        (message.Content.Precedence, message.Content.Kind) = (precedence, kind);
        if (alternate.Length > 0) message.Content.Alternates.Add(new Alternate { InsteadOf = "DE", Bureau = alternate });
        return new Escalate(message, recipient, Sample.Noon, Ten, step ?? StepAt(minutes), new EscalationParties("DE-DUTY", alternate, standing), Sample.Noon.AddMinutes(minutes), "node-2");
    }

    private static EscalationStep StepAt(double minutes) => Ten.Ladder.Rungs.LastOrDefault(rung => rung.After.TotalMinutes <= minutes, Ten.Ladder.Rungs[0]).Step;

    private static DeliveryProgress Given(params DeliveryCommand[] commands) => commands.Aggregate(
        DeliveryProgress.Waiting, (state, command) => DeliveryProgress.Decide(state, command).Facts().Aggregate(state, DeliveryProgress.Evolve));

    private static IReadOnlyList<IMessage> Decide(DeliveryProgress state, DeliveryCommand command) => DeliveryProgress.Decide(state, command).Facts();

    [Fact]
    public void The_ladder_goes_from_the_duty_desk_to_the_operator_with_the_times_in_the_events()
    {
        var state = DeliveryProgress.Waiting;
        var told = new List<(EscalationStep, string, string, DateTimeOffset)>();
        foreach (var minutes in (double[])[10, 15, 20, 25])
        {
            DeliveryProgress.Decide(state, Escalate(minutes - 0.001, step: StepAt(minutes))).IsRefused(Reasons.FieldInvalid, "step");
            var escalated = DeliveryProgress.Decide(state, Escalate(minutes)).Only<Escalated>();
            Assert.Equal((Sample.MessageId, "DE", "node-2", TimeSpan.FromMinutes(10)),
                (escalated.MessageId, escalated.Recipient, escalated.Node, escalated.Level.ToTimeSpan()));
            Assert.Equal(escalated.At, escalated.DueAt);
            told.Add((escalated.Step, escalated.To, escalated.Reason, escalated.DueAt.ToDateTimeOffset()));
            state = DeliveryProgress.Evolve(state, escalated);
        }

        Assert.Equal(
        [
            (EscalationStep.DutyDesk, "DE-DUTY", "NOT_DELIVERED", Sample.Noon.AddMinutes(10)), (EscalationStep.Alternate, "", "NO_ALTERNATE", Sample.Noon.AddMinutes(15)),
            (EscalationStep.Sender, "FR", "NOT_DELIVERED", Sample.Noon.AddMinutes(20)), (EscalationStep.Operator, "", "NOT_DELIVERED", Sample.Noon.AddMinutes(25)),
        ], told);
        DeliveryProgress.Decide(state, Escalate(1_000)).AddsNothing();
        Assert.False(state.IsFinal);
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Escalate(60, step: EscalationStep.Sender)).IsRefused(Reasons.FieldInvalid, "step");
    }

    [Fact]
    public void A_closed_sender_is_told_nothing_and_asked_for_nothing()
    {
        static Escalate Closed(Escalate escalate) => escalate with { Parties = escalate.Parties with { SenderClosed = true } };

        var state = Given(Escalate(10));
        Assert.Equal("NO_ALTERNATE", DeliveryProgress.Decide(state, Closed(Escalate(15, standing: "GB"))).Only<Escalated>().Reason);
        Assert.Equal("RESEAL_REQUESTED", DeliveryProgress.Decide(state, Escalate(15, standing: "GB")).Only<Escalated>().Reason);
        Assert.True(Decide(state, Closed(Escalate(15, alternate: "ES"))).OfType<Redirected>().Single().SenderClosed);
        Assert.False(Decide(state, Escalate(15, alternate: "ES")).OfType<Redirected>().Single().SenderClosed);
        var told = DeliveryProgress.Decide(Given(Escalate(10), Escalate(15)), Closed(Escalate(20))).Only<Escalated>();
        Assert.Equal((EscalationStep.Sender, ""), (told.Step, told.To));
    }

    [Theory]
    [InlineData(Precedence.Flash, "text", true)]
    [InlineData(Precedence.Immediate, "text", true)]
    [InlineData(Precedence.Priority, "text", false)]
    [InlineData(Precedence.Routine, "text", false)]
    [InlineData(Precedence.Flash, "order.recall", false)]
    public void The_clock_of_what_is_urgent_stops_at_opened_and_every_other_at_delivered(Precedence precedence, string kind, bool runsOn)
    {
        var delivered = Given(DeliveryTests.Receipt(DeliveryOutcome.Delivered));
        if (runsOn) Assert.Equal("NOT_OPENED", DeliveryProgress.Decide(delivered, Escalate(12, precedence, kind: kind)).Only<Escalated>().Reason);
        else DeliveryProgress.Decide(delivered, Escalate(12, precedence, kind: kind)).AddsNothing();

        var opened = Given(DeliveryTests.Receipt(DeliveryOutcome.Delivered), DeliveryTests.Receipt(DeliveryOutcome.Opened));
        DeliveryProgress.Decide(opened, Escalate(12, precedence, kind: kind)).AddsNothing();
    }

    [Fact]
    public void Nothing_is_late_after_its_end_and_what_is_kept_apart_is()
    {
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Refused)), Escalate(60)).AddsNothing();
        DeliveryProgress.Decide(Given(ExpiryTests.Expire(3)), Escalate(60)).AddsNothing();
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Quarantined)), Escalate(12)).Only<Escalated>();
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Delivered), RecallTests.Recall()), Escalate(15, alternate: "ES")).AddsNothing();
    }

    [Fact]
    public void No_clock_runs_for_what_the_house_reports_and_none_for_a_stranger()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Escalate(60, kind: "report.escalation")).AddsNothing();
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Escalate(12, recipient: "ES")).IsRefused(Reasons.UnknownMessage, "recipient");
    }

    [Fact]
    public void What_did_not_arrive_goes_to_the_alternate_that_the_sender_sealed_for_and_ends_redirected()
    {
        var late = Given(Escalate(10, alternate: "ES"));

        var facts = Decide(late, Escalate(15, alternate: "ES"));

        var (step, redirected) = (Assert.IsType<Escalated>(facts[0]), Assert.IsType<Redirected>(facts[1]));
        Assert.Equal((EscalationStep.Alternate, "ES", "ES", "REDIRECTED"), (step.Step, step.To, step.Alternate, step.Reason));
        Assert.Equal(("DE", "ES", "NOT_DELIVERED", Precedence.Flash), (redirected.Recipient, redirected.To, redirected.Reason, redirected.Precedence));
        var ended = facts.Aggregate(late, DeliveryProgress.Evolve);
        Assert.Equal((DeliveryStage.Redirected, true, "ES"), (ended.Stage, ended.IsFinal, ended.RedirectedTo));
        DeliveryProgress.Decide(ended, Escalate(60, alternate: "ES")).AddsNothing();
        DeliveryProgress.Decide(ended, ExpiryTests.Expire(60)).AddsNothing();
        var receipted = Decide(ended, DeliveryTests.Receipt(DeliveryOutcome.Delivered)).Aggregate(ended, DeliveryProgress.Evolve);
        Assert.Equal((DeliveryStage.Redirected, DeliveryStage.Delivered), (receipted.Stage, receipted.Receipted));
    }

    [Fact]
    public void What_was_delivered_and_not_opened_goes_to_the_alternate_as_a_copy_and_stays_delivered()
    {
        var late = Given(DeliveryTests.Receipt(DeliveryOutcome.Delivered), Escalate(10, alternate: "ES"));

        var copied = Decide(late, Escalate(15, alternate: "ES")).Aggregate(late, DeliveryProgress.Evolve);

        Assert.Equal((DeliveryStage.Delivered, "ES"), (copied.Stage, copied.RedirectedTo));
        Assert.Equal("NOT_OPENED", Assert.IsType<Escalated>(Decide(copied, Escalate(20, alternate: "ES"))[0]).Reason);
        Decide(copied, DeliveryTests.Receipt(DeliveryOutcome.Opened));
    }

    [Fact]
    public void A_copy_goes_only_to_whom_the_header_names_instead_of_this_recipient()
    {
        var late = Given(Escalate(10));
        var forged = Escalate(15, alternate: "ES");
        forged.Message.Content.Alternates[0].InsteadOf = "GB";
        Assert.Equal("NO_ALTERNATE", DeliveryProgress.Decide(late, forged).Only<Escalated>().Reason);
        forged.Message.Content.Alternates.Clear();
        Assert.Equal("NO_ALTERNATE", DeliveryProgress.Decide(late, forged).Only<Escalated>().Reason);
    }

    [Fact]
    public void Where_nobody_was_sealed_for_the_sender_is_asked_to_seal_again_to_who_stands_in()
    {
        var asked = DeliveryProgress.Decide(Given(Escalate(10)), Escalate(15, standing: "DE-DUTY")).Only<Escalated>();
        Assert.Equal(("FR", "RESEAL_REQUESTED", "DE-DUTY"), (asked.To, asked.Reason, asked.Alternate));

        Assert.Equal("NO_ALTERNATE", DeliveryProgress.Decide(Given(Escalate(10)), Escalate(15, standing: "FR")).Only<Escalated>().Reason);
    }

    [Fact]
    public void A_call_ends_once()
    {
        var end = new EndCall(new EscalationCalled { MessageId = Sample.MessageId, Recipient = "DE", EventId = Sample.ActId(5), Accepted = true });
        DeliveryProgress.Decide(Given(Escalate(10)), end).Only<EscalationCalled>();
        DeliveryProgress.Decide(Given(Escalate(10), end), end).AddsNothing();
    }
}
