using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Deliveries;

public sealed class DeliveryTests
{
    private static DeliveryProgress Given(params DeliveryCommand[] commands) => commands.Aggregate(
        DeliveryProgress.Waiting, (state, command) => DeliveryProgress.Decide(state, command).Facts().Aggregate(state, DeliveryProgress.Evolve));

    internal static RecordReceipt Receipt(DeliveryOutcome outcome, Attempt? attempt = null, Action<DeliveryReceipt>? change = null)
    {
        var receipt = new DeliveryReceipt
        {
            MessageId = Sample.MessageId,
            HeaderSha256 = Sample.Hash(1),
            Recipient = "DE",
            Outcome = outcome,
            At = Sample.Noon.ToTimestamp(),
            BodySha256 = Sample.BodyHash,
            Reason = outcome is DeliveryOutcome.Refused or DeliveryOutcome.Quarantined ? "CANNOT_OPEN" : "",
            Officer = outcome is DeliveryOutcome.Opened ? "officer-7" : "",
        };
        change?.Invoke(receipt);
        return new RecordReceipt(receipt, ByteString.CopyFromUtf8("signed"), Sample.Hash(9), Sample.Accepted(), attempt);
    }

    internal static Attempt Attempt(uint number) => new(number, 5, Sample.Noon, "node");

    internal static EndAttempt Ended(uint number) => new(Sample.MessageId, "DE", Attempt(number), "disconnected");

    [Fact]
    public void A_delivered_receipt_ends_the_attempt_in_the_same_append()
    {
        var events = DeliveryProgress.Decide(DeliveryProgress.Waiting, Receipt(DeliveryOutcome.Delivered, Attempt(1))).Facts();

        Assert.Collection(
            events,
            attempted => Assert.Equal("receipt", Assert.IsType<Attempted>(attempted).EndedBy),
            delivered => Assert.Equal("signed", Assert.IsType<Delivered>(delivered).Receipt.ToStringUtf8()));
        Assert.Equal(1, events.Aggregate(DeliveryProgress.Waiting, DeliveryProgress.Evolve).RevisionOf(DeliveryOutcome.Delivered));
    }

    [Fact]
    public void A_receipt_outside_any_attempt_is_recorded_alone()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Receipt(DeliveryOutcome.Delivered)).Only<Delivered>();
    }

    [Theory]
    [InlineData(DeliveryOutcome.Delivered)]
    [InlineData(DeliveryOutcome.Refused)]
    [InlineData(DeliveryOutcome.Quarantined)]
    public void A_repeat_of_a_receipt_adds_nothing_on_a_later_attempt_either(DeliveryOutcome outcome)
    {
        var state = Given(Receipt(outcome, Attempt(1)));

        DeliveryProgress.Decide(state, Receipt(outcome)).AddsNothing();
        DeliveryProgress.Decide(state, Receipt(outcome, Attempt(2))).AddsNothing();
    }

    [Fact]
    public void It_is_opened_once_and_only_after_it_was_delivered()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Receipt(DeliveryOutcome.Opened)).IsRefused(Reasons.FieldInvalid, "outcome");

        var delivered = Given(Receipt(DeliveryOutcome.Delivered));
        Assert.Equal("officer-7", DeliveryProgress.Decide(delivered, Receipt(DeliveryOutcome.Opened)).Only<Opened>().Officer);

        var opened = Given(Receipt(DeliveryOutcome.Delivered), Receipt(DeliveryOutcome.Opened));
        DeliveryProgress.Decide(opened, Receipt(DeliveryOutcome.Opened)).AddsNothing();
        DeliveryProgress.Decide(opened, Receipt(DeliveryOutcome.Delivered)).AddsNothing();
    }

    [Fact]
    public void A_final_delivery_takes_no_other_outcome()
    {
        var refused = Given(Receipt(DeliveryOutcome.Refused));
        var delivered = Given(Receipt(DeliveryOutcome.Delivered));

        DeliveryProgress.Decide(refused, Receipt(DeliveryOutcome.Delivered)).IsRefused(Reasons.AlreadyFinal, "outcome");
        DeliveryProgress.Decide(refused, Receipt(DeliveryOutcome.Opened)).IsRefused(Reasons.AlreadyFinal, "outcome");
        DeliveryProgress.Decide(refused, Receipt(DeliveryOutcome.Quarantined)).IsRefused(Reasons.AlreadyFinal, "outcome");
        DeliveryProgress.Decide(delivered, Receipt(DeliveryOutcome.Refused)).IsRefused(Reasons.AlreadyFinal, "outcome");
    }

    [Fact]
    public void A_quarantined_message_may_still_be_delivered()
    {
        var state = Given(Receipt(DeliveryOutcome.Quarantined, Attempt(1)));

        Assert.False(state.IsFinal);
        Assert.Equal(2, DeliveryProgress.Decide(state, Receipt(DeliveryOutcome.Delivered, Attempt(2))).Facts().Count);
    }

    [Fact]
    public void A_receipt_for_another_header_is_refused()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Receipt(DeliveryOutcome.Delivered, change: r => r.HeaderSha256 = Sample.Hash(2)))
            .IsRefused(Reasons.FieldInvalid, "header_sha256");
    }

    [Fact]
    public void Who_holds_the_message_names_its_body_and_who_refuses_it_may_have_seen_another()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Receipt(DeliveryOutcome.Delivered, change: r => r.BodySha256 = Sample.Hash(2)))
            .IsRefused(Reasons.FieldInvalid, "body_sha256");
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Receipt(DeliveryOutcome.Refused, change: r => r.BodySha256 = Sample.Hash(2))).Only<Refused>();
    }

    [Fact]
    public void A_bureau_that_is_no_recipient_has_nothing_to_receipt()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Receipt(DeliveryOutcome.Delivered, change: r => r.Recipient = "ES"))
            .IsRefused(Reasons.UnknownMessage, "message_id");
    }

    [Fact]
    public void An_unspecified_outcome_is_refused()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Receipt(DeliveryOutcome.Unspecified)).IsRefused(Reasons.FieldInvalid, "outcome");
    }

    [Fact]
    public void An_attempt_that_ended_without_a_receipt_is_recorded_once_and_not_after_the_end()
    {
        Assert.Equal("disconnected", DeliveryProgress.Decide(DeliveryProgress.Waiting, Ended(1)).Only<Attempted>().EndedBy);

        DeliveryProgress.Decide(Given(Ended(1)), Ended(1)).AddsNothing();
        DeliveryProgress.Decide(Given(Receipt(DeliveryOutcome.Delivered)), Ended(1)).AddsNothing();
    }
}
