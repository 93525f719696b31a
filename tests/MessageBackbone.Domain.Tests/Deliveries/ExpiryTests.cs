using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Deliveries;

public sealed class ExpiryTests
{
    private static readonly DateTimeOffset DeliverBy = Sample.Noon.AddMinutes(2);

    /// <summary>So many minutes after noon; the message is to be delivered by two past.</summary>
    internal static Expire Expire(int minutes, string recipient = "DE", bool ever = true)
    {
        var message = Sample.Accepted();
        if (ever) message.Content.DeliverBy = DeliverBy.ToTimestamp();
        return new Expire(message, recipient, Sample.Noon.AddMinutes(minutes), "node-2");
    }

    private static DeliveryProgress Given(params DeliveryCommand[] commands) => commands.Aggregate(
        DeliveryProgress.Waiting, (state, command) => DeliveryProgress.Decide(state, command).Facts().Aggregate(state, DeliveryProgress.Evolve));

    [Fact]
    public void It_ends_at_its_time_with_both_times_and_the_node_in_the_event()
    {
        var expired = DeliveryProgress.Decide(DeliveryProgress.Waiting, Expire(2)).Only<Expired>();

        Assert.Equal((Sample.MessageId, "DE", "node-2"), (expired.MessageId, expired.Recipient, expired.Node));
        Assert.Equal((DeliverBy, DeliverBy), (expired.DeliverBy.ToDateTimeOffset(), expired.At.ToDateTimeOffset()));
        Assert.True(Given(Expire(2)) is { IsFinal: true, Stage: DeliveryStage.Expired });
    }

    [Fact]
    public void It_does_not_end_before_its_time_or_without_one_or_for_another()
    {
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Expire(1)).IsRefused(Reasons.FieldInvalid, "deliver_by");
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Expire(5, ever: false)).IsRefused(Reasons.FieldInvalid, "deliver_by");
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Expire(5, "ES")).IsRefused(Reasons.UnknownMessage, "recipient");
    }

    [Fact]
    public void A_message_without_a_time_of_its_own_ends_when_its_acceptance_says()
    {
        var message = Sample.Accepted();
        Assert.Equal(Sample.Noon.AddDays(90), OpenTime.EndOf(message.Content, Sample.Noon, TimeSpan.FromDays(90)).ToDateTimeOffset());
        message.Content.DeliverBy = DeliverBy.ToTimestamp();
        Assert.Equal(message.Content.DeliverBy, OpenTime.EndOf(message.Content, Sample.Noon, TimeSpan.FromDays(90)));
        (message.Content.DeliverBy, message.ExpiresAt) = (null, Sample.Noon.AddMinutes(2).ToTimestamp());

        DeliveryProgress.Decide(DeliveryProgress.Waiting, new Expire(message, "DE", Sample.Noon.AddMinutes(1), "node-2")).IsRefused(Reasons.FieldInvalid, "deliver_by");
        var expired = DeliveryProgress.Decide(DeliveryProgress.Waiting, new Expire(message, "DE", Sample.Noon.AddMinutes(2), "node-2")).Only<Expired>();

        Assert.Null(expired.DeliverBy);
    }

    [Theory]
    [InlineData(DeliveryOutcome.Delivered)]
    [InlineData(DeliveryOutcome.Refused)]
    public void What_a_receipt_settled_does_not_expire(DeliveryOutcome outcome)
    {
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(outcome)), Expire(3)).AddsNothing();
    }

    [Fact]
    public void What_is_kept_apart_expires_too()
    {
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Quarantined)), Expire(3)).Only<Expired>();
    }

    [Fact]
    public void A_receipt_that_comes_too_late_is_kept_as_evidence_and_changes_no_end()
    {
        var delivered = DeliveryProgress.Decide(Given(Expire(3)), DeliveryTests.Receipt(DeliveryOutcome.Delivered, DeliveryTests.Attempt(1)));
        Assert.Equal([typeof(Attempted), typeof(Delivered)], delivered.Facts().Select(e => e.GetType()));

        var late = Given(Expire(3), DeliveryTests.Receipt(DeliveryOutcome.Delivered), DeliveryTests.Receipt(DeliveryOutcome.Opened));
        Assert.Equal((DeliveryStage.Expired, DeliveryStage.Opened), (late.Stage, late.Receipted));
        Assert.Equal(1, late.RevisionOf(DeliveryOutcome.Delivered));
        DeliveryProgress.Decide(late, DeliveryTests.Receipt(DeliveryOutcome.Delivered)).AddsNothing();
        DeliveryProgress.Decide(late, DeliveryTests.Receipt(DeliveryOutcome.Refused)).IsRefused(Reasons.AlreadyFinal, "outcome");
        DeliveryProgress.Decide(late, Expire(4)).AddsNothing();
    }

    [Fact]
    public void A_delivery_to_a_bureau_that_was_closed_ends_with_the_closing_in_the_event_whether_or_not_it_has_a_time()
    {
        var closing = Guid.Parse("0190a1b2-c3d4-7000-8000-00000000000a");
        var ended = DeliveryProgress.Decide(DeliveryProgress.Waiting, Close(closing)).Only<Expired>();

        Assert.Equal(
            (Sample.MessageId, "DE", "node-2", $"{closing:D}", null), (ended.MessageId, ended.Recipient, ended.Node, ended.Because, ended.DeliverBy));
        Assert.Equal("", DeliveryProgress.Decide(DeliveryProgress.Waiting, Expire(2)).Only<Expired>().Because);
        DeliveryProgress.Decide(Given(Close(closing)), Close(Guid.Empty)).AddsNothing();
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Delivered)), Close(closing)).AddsNothing();
        DeliveryProgress.Decide(Given(DeliveryTests.Receipt(DeliveryOutcome.Quarantined)), Close(closing)).Only<Expired>();
        DeliveryProgress.Decide(DeliveryProgress.Waiting, Close(closing) with { Recipient = "ES" }).IsRefused(Reasons.UnknownMessage, "recipient");
    }

    internal static EndAsClosed Close(Guid closing) => new(Sample.Accepted(), "DE", closing, Sample.Noon, "node-2");

    [Fact]
    public void An_attempt_that_was_in_hand_when_it_expired_is_recorded_after_it()
    {
        DeliveryProgress.Decide(Given(Expire(3)), DeliveryTests.Ended(1)).Only<Attempted>();
        DeliveryProgress.Decide(Given(Expire(3), DeliveryTests.Ended(1)), DeliveryTests.Ended(1)).AddsNothing();
    }
}
