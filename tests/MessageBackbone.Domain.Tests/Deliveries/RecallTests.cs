using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Deliveries;

public sealed class RecallTests
{
    internal static Recall Recall(string recipient = "DE", int order = 7) =>
        new(Sample.Accepted(), recipient, Sample.ActId(order), "SENT_IN_ERROR", Sample.Noon.AddMinutes(1), "node-2");

    private static DeliveryProgress Given(params DeliveryCommand[] commands) => commands.Aggregate(
        DeliveryProgress.Waiting, (state, command) => DeliveryProgress.Decide(state, command).Facts().Aggregate(state, DeliveryProgress.Evolve));

    [Fact]
    public void What_no_receipt_settled_ends_with_the_order_its_reason_and_the_node_in_the_event()
    {
        var recalled = DeliveryProgress.Decide(DeliveryProgress.Waiting, Recall()).Only<Recalled>();

        Assert.Equal((Sample.MessageId, "DE", "node-2"), (recalled.MessageId, recalled.Recipient, recalled.Node));
        Assert.Equal((Sample.ActId(7), "SENT_IN_ERROR"), (recalled.OrderId, recalled.Reason));
        Assert.Equal(Sample.Noon.AddMinutes(1), recalled.At.ToDateTimeOffset());
        Assert.True(Given(Recall()) is { IsFinal: true, Stage: DeliveryStage.Recalled });
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Recall("ES")).IsRefused(Reasons.UnknownMessage, "recipient");
    }

    [Theory]
    [InlineData(DeliveryOutcome.Delivered, DeliveryStage.Delivered)]
    [InlineData(DeliveryOutcome.Opened, DeliveryStage.Opened)]
    public void Who_has_it_is_asked_for_it_once_and_keeps_its_state(DeliveryOutcome last, DeliveryStage stage)
    {
        var before = Given([DeliveryTests.Receipt(DeliveryOutcome.Delivered), .. last == DeliveryOutcome.Opened ? [DeliveryTests.Receipt(last)] : Array.Empty<DeliveryCommand>()]);
        var asked = DeliveryProgress.Decide(before, Recall()).Only<AskedBack>();

        Assert.Equal((Sample.MessageId, "DE", Sample.ActId(7), "node-2"), (asked.MessageId, asked.Recipient, asked.OrderId, asked.Node));
        Assert.Equal(Sample.Noon.AddMinutes(1), asked.At.ToDateTimeOffset());
        var after = DeliveryProgress.Evolve(before, asked);
        Assert.Equal((stage, true), (after.Stage, after.IsAskedBack));
        DeliveryProgress.Decide(after, Recall(order: 8)).AddsNothing();
    }

    [Fact]
    public void Who_refused_it_is_asked_for_nothing()
    {
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Refused)), Recall()).AddsNothing();
    }

    [Fact]
    public void What_is_kept_apart_is_recalled_too()
    {
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Quarantined)), Recall()).Only<Recalled>();
    }

    [Fact]
    public void The_first_end_stays_whichever_it_was()
    {
        DeliveryProgress.Decide(Given(ExpiryTests.Expire(3)), Recall()).AddsNothing();
        DeliveryProgress.Decide(Given(Recall()), ExpiryTests.Expire(3)).AddsNothing();
        DeliveryProgress.Decide(Given(Recall()), Recall(order: 8)).AddsNothing();
    }

    [Fact]
    public void A_receipt_that_comes_too_late_is_kept_as_evidence_and_changes_no_end()
    {
        var delivered = DeliveryProgress.Decide(Given(Recall()), DeliveryTests.Receipt(DeliveryOutcome.Delivered, DeliveryTests.Attempt(1)));
        Assert.Equal([typeof(Attempted), typeof(Delivered)], delivered.Facts().Select(e => e.GetType()));

        var late = Given(Recall(), DeliveryTests.Receipt(DeliveryOutcome.Delivered), DeliveryTests.Receipt(DeliveryOutcome.Opened));
        Assert.Equal((DeliveryStage.Recalled, DeliveryStage.Opened), (late.Stage, late.Receipted));
        DeliveryProgress.Decide(late, DeliveryTests.Receipt(DeliveryOutcome.Delivered)).AddsNothing();
        DeliveryProgress.Decide(late, DeliveryTests.Receipt(DeliveryOutcome.Refused)).IsRefused(Reasons.AlreadyFinal, "outcome");
    }

    [Fact]
    public void An_attempt_that_was_in_hand_when_it_was_recalled_is_recorded_after_it()
    {
        DeliveryProgress.Decide(Given(Recall()), DeliveryTests.Ended(1)).Only<Attempted>();
        DeliveryProgress.Decide(Given(Recall(), DeliveryTests.Ended(1)), DeliveryTests.Ended(1)).AddsNothing();
    }
}
