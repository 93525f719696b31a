using Google.Protobuf;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Deliveries;

public sealed class QuarantineTests
{
    private const string Operator = "urn:backbone:operator:operator-1";

    private static DeliveryProgress Given(params DeliveryCommand[] commands) => commands.Aggregate(
        DeliveryProgress.Waiting, (state, command) => DeliveryProgress.Decide(state, command).Facts().Aggregate(state, DeliveryProgress.Evolve));

    private static RecordReceipt Quarantined(string signed = "first") =>
        DeliveryTests.Receipt(DeliveryOutcome.Quarantined) with { Signed = ByteString.CopyFromUtf8(signed) };

    private static Release Release(string recipient = "DE", string reason = "") => new(Sample.Accepted(), recipient, Operator, reason, Sample.Noon, "node-2");

    private static RefuseQuarantined Refuse(string recipient = "DE", string reason = "NOT_READABLE") =>
        new(Sample.Accepted(), recipient, Operator, reason, Sample.Noon, "node-2");

    [Fact]
    public void A_release_says_who_and_when_and_the_delivery_waits_again()
    {
        var released = DeliveryProgress.Decide(Given(Quarantined()), Release(reason: "GATEWAY_MENDED")).Only<Released>();

        Assert.Equal((Sample.MessageId, "DE", Operator, "GATEWAY_MENDED", "node-2"),
            (released.MessageId, released.Recipient, released.Operator, released.Reason, released.Node));
        Assert.Equal(Sample.Noon, released.At.ToDateTimeOffset());
        Assert.True(Given(Quarantined(), Release()) is { Stage: DeliveryStage.Waiting, IsFinal: false });
    }

    [Fact]
    public void A_refusal_ends_the_delivery_and_says_who_when_and_why()
    {
        var refused = DeliveryProgress.Decide(Given(Quarantined()), Refuse()).Only<RefusedByOperator>();

        Assert.Equal((Sample.MessageId, "DE", Operator, "NOT_READABLE", "node-2"),
            (refused.MessageId, refused.Recipient, refused.Operator, refused.Reason, refused.Node));
        Assert.Equal(Sample.Noon, refused.At.ToDateTimeOffset());
        Assert.True(Given(Quarantined(), Refuse()) is { Stage: DeliveryStage.RefusedByOperator, IsFinal: true });
    }

    [Fact]
    public void Only_what_is_quarantined_is_released_or_refused()
    {
        foreach (DeliveryCommand command in (DeliveryCommand[])[Release(), Refuse()])
        {
            DeliveryProgress.Decide(DeliveryProgress.Waiting, command).IsRefused(Reasons.UnknownMessage, "message_id");
            foreach (var end in (DeliveryOutcome[])[DeliveryOutcome.Delivered, DeliveryOutcome.Refused])
                DeliveryProgress.Decide(Given(Quarantined(), DeliveryTests.Receipt(end)), command).IsRefused(Reasons.AlreadyFinal, "message_id");
            DeliveryProgress.Decide(Given(Quarantined(), ExpiryTests.Expire(3)), command).IsRefused(Reasons.AlreadyFinal, "message_id");
        }
        DeliveryProgress.Decide(Given(Quarantined(), Refuse()), Release()).IsRefused(Reasons.AlreadyFinal, "message_id");
        DeliveryProgress.Decide(Given(Quarantined(), Release()), Refuse()).IsRefused(Reasons.UnknownMessage, "message_id");
    }

    [Fact]
    public void A_bureau_that_is_no_recipient_and_a_reason_that_is_no_code_are_refused()
    {
        var state = Given(Quarantined());

        DeliveryProgress.Decide(state, Release("ES")).IsRefused(Reasons.UnknownMessage, "bureau");
        DeliveryProgress.Decide(state, Refuse("ES")).IsRefused(Reasons.UnknownMessage, "bureau");
        DeliveryProgress.Decide(state, Release(reason: "because of a name")).IsRefused(Reasons.FieldInvalid, "reason");
        DeliveryProgress.Decide(state, Refuse(reason: "")).IsRefused(Reasons.FieldInvalid, "reason");
    }

    [Fact]
    public void Told_twice_it_happens_once()
    {
        DeliveryProgress.Decide(Given(Quarantined(), Release()), Release()).AddsNothing();
        DeliveryProgress.Decide(Given(Quarantined(), Refuse()), Refuse()).AddsNothing();
        DeliveryProgress.Decide(Given(Quarantined()), Quarantined("second")).AddsNothing();
    }

    [Fact]
    public void What_was_released_is_quarantined_again_by_a_new_receipt_and_not_by_the_old_one()
    {
        var released = Given(Quarantined(), Release());

        DeliveryProgress.Decide(released, Quarantined("first")).AddsNothing();
        Assert.Equal("second", DeliveryProgress.Decide(released, Quarantined("second")).Only<Quarantined>().Receipt.ToStringUtf8());

        var again = Given(Quarantined(), Release(), Quarantined("second"));
        Assert.Equal(DeliveryStage.Quarantined, again.Stage);
        DeliveryProgress.Decide(again, Release()).Only<Released>();
    }

    [Fact]
    public void What_was_released_is_delivered_refused_or_expires()
    {
        var released = Given(Quarantined(), Release());

        DeliveryProgress.Decide(released, DeliveryTests.Receipt(DeliveryOutcome.Delivered)).Only<Delivered>();
        DeliveryProgress.Decide(released, DeliveryTests.Receipt(DeliveryOutcome.Refused)).Only<Refused>();
        DeliveryProgress.Decide(released, ExpiryTests.Expire(3)).Only<Expired>();
    }

    [Fact]
    public void A_receipt_after_the_operators_refusal_is_evidence_and_changes_no_end()
    {
        var late = Given(Quarantined(), Refuse(), DeliveryTests.Receipt(DeliveryOutcome.Delivered));

        Assert.Equal((DeliveryStage.RefusedByOperator, DeliveryStage.Delivered), (late.Stage, late.Receipted));
        DeliveryProgress.Decide(late, ExpiryTests.Expire(3)).AddsNothing();
    }

    [Fact]
    public void Replayed_and_repeated_it_stays_as_it_was() => Deciding.KeepsBothProperties<DeliveryProgress, DeliveryCommand>(
        DeliveryProgress.Waiting,
        [Release(), Quarantined(), Quarantined("second"), Release(), Quarantined("first"), Quarantined("third"), Refuse(), Release(), Quarantined("fourth")],
        DeliveryProgress.Decide, DeliveryProgress.Evolve, state => state.ToString());
}
