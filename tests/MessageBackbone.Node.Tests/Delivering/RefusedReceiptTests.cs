using Google.Protobuf;
using MessageBackbone.Node.Tests.Accepting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

/// <summary>A receipt that cannot count is refused inside the stream: nothing is recorded of it, the stream lives on, and the right receipt is taken
/// after it.</summary>
public sealed class RefusedReceiptTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private readonly House _house = shared.House;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_does_not_fit_the_message_or_the_contract_is_named_by_its_field()
    {
        using var attending = await OpenAsync();
        var delivery = await DeliverAsync(attending);
        (string Field, Action<DeliveryReceipt> Break)[] cases =
        [
            ("header_sha256", receipt => receipt.HeaderSha256 = ByteString.CopyFrom(new byte[32])),
            ("header_sha256", receipt => receipt.HeaderSha256 = ByteString.CopyFrom(new byte[31])),
            ("body_sha256", receipt => receipt.BodySha256 = ByteString.CopyFrom(new byte[32])),
            ("message_id", receipt => receipt.MessageId = "no id"),
            ("recipient", receipt => receipt.Recipient = "d e"),
            ("outcome", receipt => receipt.Outcome = DeliveryOutcome.Unspecified),
            ("outcome", receipt => receipt.Outcome = (DeliveryOutcome)9),
            ("outcome", receipt => receipt.Outcome = DeliveryOutcome.Opened),
            ("reason", receipt => receipt.Reason = "CANNOT_OPEN"),
            ("reason", receipt => (receipt.Outcome, receipt.Reason) = (DeliveryOutcome.Refused, "free text")),
            ("officer", receipt => receipt.Officer = "officer-7"),
            ("at", receipt => receipt.At = null),
        ];

        foreach (var (field, change) in cases)
        {
            var receipt = attending.ReceiptFor(delivery.Envelope);
            change(receipt);
            var refusal = await attending.RefusedAsync(attending.Sign(receipt));
            Assert.Equal((Reasons.FieldInvalid, field), (refusal.Reason, Assert.Single(refusal.Fields)));
        }

        await StaysOpenAsync(attending, delivery);
    }

    [Fact]
    public async Task What_is_no_signed_receipt_in_canonical_form_is_malformed_and_what_is_too_large_is_not_read()
    {
        using var attending = await OpenAsync();
        var delivery = await DeliverAsync(attending);
        var good = attending.Sign(attending.ReceiptFor(delivery.Envelope));
        var strange = DeliveryReceipt.Parser.ParseFrom([.. attending.ReceiptFor(delivery.Envelope).ToByteArray(), 0xfa, 0x07, 0x00]);
        ByteString[] malformed =
        [
            ByteString.Empty,
            ByteString.CopyFromUtf8("no receipt"),
            ByteString.CopyFrom(good.Span[..^1]),
            ByteString.CopyFrom([.. good.Span, 0]),
            attending.Sign(strange),
            delivery.Envelope.Header,
        ];

        foreach (var bytes in malformed)
        {
            var refusal = await attending.RefusedAsync(bytes);
            Assert.Equal((Reasons.Malformed, "signed"), (refusal.Reason, Assert.Single(refusal.Fields)));
        }

        Assert.Equal(Reasons.TooLarge, (await attending.RefusedAsync(ByteString.CopyFrom(new byte[(64 * 1024) + 1]))).Reason);

        await StaysOpenAsync(attending, delivery);
    }

    [Fact]
    [Refuses(Reasons.SignerIsNotSender)]
    [Refuses(Reasons.BadSignature)]
    public async Task Only_the_recipients_own_signature_counts()
    {
        using var attending = await OpenAsync();
        var delivery = await DeliverAsync(attending);
        var receipt = attending.ReceiptFor(delivery.Envelope);
        using var stranger = _house.Issue(Holder.Bureau("DE"));

        Assert.Equal(Reasons.SignerIsNotSender, (await attending.RefusedAsync(attending.Sign(receipt, _house["ES"]))).Reason);
        Assert.Equal(Reasons.CertificateNotValid, (await attending.RefusedAsync(attending.Sign(receipt, stranger))).Reason);
        var altered = attending.Sign(receipt).ToByteArray();
        altered[^1] ^= 1;
        Assert.Equal(Reasons.BadSignature, (await attending.RefusedAsync(ByteString.CopyFrom(altered))).Reason);

        await StaysOpenAsync(attending, delivery);
    }

    [Fact]
    [Refuses(Reasons.NotYourBureau)]
    [Refuses(Reasons.UnknownMessage)]
    public async Task Nobody_receipts_for_another_bureau_or_what_was_not_sent_to_it()
    {
        using var attending = await OpenAsync();
        var delivery = await DeliverAsync(attending);
        var toOther = _house["FR"].Compose(_house["ES"]);
        await _house["FR"].SubmitAsync(toOther);
        var never = _house["FR"].Compose(_house["DE"]);

        var foreign = attending.ReceiptFor(toOther);
        foreign.Recipient = "ES";
        Assert.Equal(Reasons.NotYourBureau, (await attending.RefusedAsync(attending.Sign(foreign, _house["ES"]))).Reason);
        Assert.Equal(Reasons.NotYourBureau, (await attending.RefusedAsync(attending.Sign(foreign))).Reason);
        Assert.Equal(Reasons.UnknownMessage, (await attending.RefusedAsync(attending.Sign(attending.ReceiptFor(toOther)))).Reason);
        Assert.Equal(Reasons.UnknownMessage, (await attending.RefusedAsync(attending.Sign(attending.ReceiptFor(never)))).Reason);

        Assert.Empty(await _house.ReadAsync(EventLog.StreamId.Delivery(foreign.MessageId, "ES")));
        Assert.Empty(await attending.EventsAsync(toOther));
        await StaysOpenAsync(attending, delivery);
    }

    [Fact]
    [Refuses(Reasons.AlreadyFinal)]
    public async Task What_is_settled_stays_as_it_was_settled()
    {
        using var attending = await OpenAsync();
        var (delivered, refused) = (await DeliverAsync(attending), await DeliverAsync(attending));
        await attending.RecordAsync(delivered);
        await attending.RecordAsync(refused, DeliveryOutcome.Refused);

        foreach (var (delivery, outcome) in ((Delivery, DeliveryOutcome)[])
            [
                (delivered, DeliveryOutcome.Refused), (delivered, DeliveryOutcome.Quarantined),
                (refused, DeliveryOutcome.Delivered), (refused, DeliveryOutcome.Opened), (refused, DeliveryOutcome.Quarantined),
            ])
        {
            var refusal = await attending.RefusedAsync(attending.Sign(attending.ReceiptFor(delivery.Envelope, outcome)));
            Assert.Equal((Reasons.AlreadyFinal, "outcome"), (refusal.Reason, Assert.Single(refusal.Fields)));
        }

        Assert.Equal(2, (await attending.EventsAsync(delivered.Envelope)).Count);
        Assert.Equal(2, (await attending.EventsAsync(refused.Envelope)).Count);
    }

    [Fact]
    public async Task A_revoked_certificate_signs_no_new_receipt_but_what_it_signed_and_was_recorded_stays_recorded()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        using var attending = await Attending.OpenAsync(house, "DE");
        var deliveries = await attending.DeliveriesAsync(2);
        var before = attending.Sign(attending.ReceiptFor(deliveries[0].Envelope));
        var recorded = await attending.RecordAsync(before);

        await house.RevokeAsync(house["DE"].Keys.Sign!.RawData);

        Assert.Equal(recorded.Position, (await attending.RecordAsync(before)).Position);
        var late = attending.Sign(attending.ReceiptFor(deliveries[1].Envelope));
        Assert.Equal(Reasons.CertificateNotValid, (await attending.RefusedAsync(late)).Reason);
        // The gateway holds a newer certificate: built anew, the receipt counts.
        using var renewed = house.Issue(Holder.Bureau("DE"));
        await house.EnrolAsync(renewed.Keys.Sign!.RawData, CertificateUse.Sign);
        await attending.RecordAsync(attending.Sign(attending.ReceiptFor(deliveries[1].Envelope), renewed));
        // Refusals of enrolled bureaus are security events.
        var noted = Assert.Single(await house.ReadAsync(EventLog.StreamId.Security));
        var refused = SubmissionRefused.Parser.ParseFrom(noted.Data.Span);
        Assert.Equal(("urn:backbone:bureau:DE", Reasons.CertificateNotValid), (refused.Caller, refused.Reason));
    }

    private Task<Attending> OpenAsync() => Attending.OpenAsync(_house, "DE");

    // Earlier tests of this house leave nothing undelivered, so the next delivery is this one.
    private async Task<Delivery> DeliverAsync(Attending attending)
    {
        var message = _house["FR"].Compose(_house["DE"]);
        await _house["FR"].SubmitAsync(message);
        var delivery = await attending.DeliveryAsync();
        Assert.Equal(message, delivery.Envelope);
        return delivery;
    }

    private static async Task StaysOpenAsync(Attending attending, Delivery delivery)
    {
        Assert.Empty(await attending.EventsAsync(delivery.Envelope));
        await attending.RecordAsync(delivery);
        Assert.Equal([typeof(Attempted), typeof(Delivered)], (await attending.EventsAsync(delivery.Envelope)).Select(e => e.GetType()));
    }
}
