using Google.Protobuf;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Deliveries;

public sealed class RedeliveryTests
{
    private const string Operator = "urn:backbone:operator:operator-1";

    /// <summary>The order runs out nine minutes after noon.</summary>
    internal static Redeliver Redeliver(string recipient = "DE", string reason = "INBOX_LOST") =>
        new(Sample.Accepted(), recipient, Operator, reason, Sample.Noon, Sample.Noon.AddMinutes(9), "node-2");

    private static DeliveryProgress Given(params DeliveryCommand[] commands) => commands.Aggregate(
        DeliveryProgress.Waiting, (state, command) => DeliveryProgress.Decide(state, command).Facts().Aggregate(state, DeliveryProgress.Evolve));

    private static RecordReceipt Delivered(uint? attempt = null, string signed = "signed") => Receipt(DeliveryOutcome.Delivered, attempt, signed);

    private static RecordReceipt Receipt(DeliveryOutcome outcome, uint? attempt, string signed) =>
        DeliveryTests.Receipt(outcome, attempt is { } number ? DeliveryTests.Attempt(number) : null) with { Signed = ByteString.CopyFromUtf8(signed) };

    [Fact]
    public void An_order_says_who_when_and_why_and_how_it_was_presented_and_the_delivery_keeps_its_state()
    {
        var ordered = DeliveryProgress.Decide(Given(Delivered(1)), Redeliver()).Only<RedeliveryOrdered>();

        Assert.Equal((Sample.MessageId, "DE", Operator, "INBOX_LOST", "node-2"),
            (ordered.MessageId, ordered.Recipient, ordered.Operator, ordered.Reason, ordered.Node));
        Assert.Equal((1u, 5ul), (ordered.Attempts, ordered.Sequence));
        Assert.Equal((Sample.Noon, Sample.Noon.AddMinutes(9)), (ordered.At.ToDateTimeOffset(), ordered.ExpiresAt.ToDateTimeOffset()));
        Assert.True(Given(Delivered(1), Redeliver()) is { Stage: DeliveryStage.Delivered, IsFinal: true, IsRedelivered: true });
        Assert.Equal(DeliveryStage.Opened, Given(Delivered(1), DeliveryTests.Receipt(DeliveryOutcome.Opened), Redeliver()).Stage);
    }

    [Fact]
    public void What_is_on_its_way_needs_no_order_and_told_twice_it_is_ordered_once()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Redeliver()).AddsNothing();
        DeliveryProgress.Decide(Given(DeliveryTests.Ended(1)), Redeliver()).AddsNothing();
        DeliveryProgress.Decide(Given(Delivered(1), Redeliver()), Redeliver(reason: "ANOTHER")).AddsNothing();
    }

    [Fact]
    public void What_ended_otherwise_or_was_recalled_is_not_presented_again_and_what_is_quarantined_is_released()
    {
        foreach (var ended in new[] { Given(DeliveryTests.Receipt(DeliveryOutcome.Refused)), Given(ExpiryTests.Expire(3)), Given(RecallTests.Recall()),
            Given(Delivered(1), RecallTests.Recall()), Given(ExpiryTests.Expire(3), Delivered(1)) })
            DeliveryProgress.Decide(ended, Redeliver()).IsRefused(Reasons.AlreadyFinal, "message_id");
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Quarantined)), Redeliver()).IsRefused(Reasons.FieldInvalid, "message_id");
        DeliveryProgress.Decide(Given(Delivered(1)), Redeliver("ES")).IsRefused(Reasons.UnknownMessage, "bureau");
        DeliveryProgress.Decide(Given(Delivered(1)), Redeliver(reason: "a name")).IsRefused(Reasons.FieldInvalid, "reason");
    }

    [Theory]
    [InlineData("signed")]
    [InlineData("another")]
    public void A_receipt_that_answers_the_presentation_ends_it_be_it_new_or_the_same_bytes_once_more(string signed)
    {
        var state = Given(Delivered(1), DeliveryTests.Receipt(DeliveryOutcome.Opened), Redeliver());

        var facts = DeliveryProgress.Decide(state, Delivered(2, signed)).Facts();

        Assert.Equal((2u, "receipt"), (Assert.IsType<Attempted>(facts[0]).Attempt, ((Attempted)facts[0]).EndedBy));
        var ended = Assert.IsType<RedeliveryEnded>(facts[1]);
        Assert.Equal((signed, DeliveryOutcome.Delivered, ""), (ended.Receipt.ToStringUtf8(), ended.Outcome, ended.Reason));
        var after = facts.Aggregate(state, DeliveryProgress.Evolve);
        Assert.True(after is { Stage: DeliveryStage.Opened, IsRedelivered: false });
        DeliveryProgress.Decide(after, Delivered(2, signed)).AddsNothing();
        Assert.Equal(2u, DeliveryProgress.Decide(after, Redeliver()).Only<RedeliveryOrdered>().Attempts);
    }

    [Fact]
    public void A_receipt_that_was_under_way_since_before_does_not_end_it_and_one_after_a_presentation_that_broke_off_does()
    {
        var state = Given(Delivered(1), Redeliver());

        DeliveryProgress.Decide(state, Delivered()).AddsNothing();
        DeliveryProgress.Decide(state, Delivered(1)).AddsNothing();
        DeliveryProgress.Decide(state, Receipt(DeliveryOutcome.Refused, 1, "refused")).IsRefused(Reasons.AlreadyFinal, "outcome");
        var brokenOff = Given(Delivered(1), Redeliver(), DeliveryTests.Ended(2));
        DeliveryProgress.Decide(brokenOff, Delivered()).Only<RedeliveryEnded>();
    }

    [Theory]
    [InlineData(DeliveryOutcome.Refused)]
    [InlineData(DeliveryOutcome.Quarantined)]
    public void A_gateway_that_cannot_take_it_ends_it_too_and_its_first_receipt_stands(DeliveryOutcome outcome)
    {
        var state = Given(Delivered(1), Redeliver());

        var ended = Assert.IsType<RedeliveryEnded>(DeliveryProgress.Decide(state, Receipt(outcome, 2, "cannot")).Facts()[1]);
        Assert.Equal((outcome, "CANNOT_OPEN"), (ended.Outcome, ended.Reason));
        var after = Given(Delivered(1), Redeliver(), Receipt(outcome, 2, "cannot"));

        Assert.Equal(DeliveryStage.Delivered, after.Stage);
        DeliveryProgress.Decide(after, Receipt(outcome, null, "cannot")).AddsNothing();
        DeliveryProgress.Decide(after, Receipt(outcome, 3, "again")).IsRefused(Reasons.AlreadyFinal, "outcome");
    }

    [Fact]
    public void An_officer_may_open_it_meanwhile_and_that_is_no_answer()
    {
        var state = Given(Delivered(1), Redeliver());

        DeliveryProgress.Decide(state, DeliveryTests.Receipt(DeliveryOutcome.Opened, DeliveryTests.Attempt(2))).Only<Opened>();
        Assert.True(Given(Delivered(1), Redeliver(), DeliveryTests.Receipt(DeliveryOutcome.Opened)).IsRedelivered);
    }

    [Fact]
    public void It_ends_at_its_own_time_with_its_recipient_or_when_the_message_is_asked_back_and_the_delivery_stays()
    {
        var state = Given(Delivered(1), Redeliver());

        DeliveryProgress.Decide(state, ExpiryTests.Expire(8)).AddsNothing(); // the message's own time passed long ago
        Assert.Equal("EXPIRED", DeliveryProgress.Decide(state, ExpiryTests.Expire(9)).Only<RedeliveryEnded>().Reason);
        Assert.Equal("BUREAU_CLOSED", DeliveryProgress.Decide(state, ExpiryTests.Close(Guid.Empty)).Only<RedeliveryEnded>().Reason);
        var recalled = DeliveryProgress.Decide(state, RecallTests.Recall()).Facts();
        Assert.IsType<AskedBack>(recalled[0]);
        Assert.Equal(("RECALLED", "node-2", DeliveryOutcome.Unspecified),
            (((RedeliveryEnded)recalled[1]).Reason, ((RedeliveryEnded)recalled[1]).Node, ((RedeliveryEnded)recalled[1]).Outcome));
        foreach (var ended in new[] { Given(Delivered(1), Redeliver(), ExpiryTests.Expire(9)), Given(Delivered(1), Redeliver(), RecallTests.Recall()) })
            Assert.True(ended is { Stage: DeliveryStage.Delivered, IsRedelivered: false });
        DeliveryProgress.Decide(Given(Delivered(1), Redeliver(), RecallTests.Recall()), RecallTests.Recall()).AddsNothing();
    }

    [Fact]
    public void Replayed_and_repeated_it_stays_as_it_was() => Deciding.KeepsBothProperties<DeliveryProgress, DeliveryCommand>(
        DeliveryProgress.Waiting,
        [
            Redeliver(), Delivered(1), Redeliver(), Delivered(1), DeliveryTests.Ended(2), Delivered(3), Redeliver(), Receipt(DeliveryOutcome.Refused, 4, "no"),
            Redeliver(), ExpiryTests.Expire(9), Redeliver(), ExpiryTests.Close(Guid.Empty), Redeliver(), RecallTests.Recall(), Redeliver(),
        ],
        DeliveryProgress.Decide, DeliveryProgress.Evolve, state => state.ToString());
}
