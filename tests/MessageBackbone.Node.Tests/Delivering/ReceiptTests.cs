using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Delivering;

public sealed class ReceiptTests
{
    [Fact]
    public async Task A_delivery_carries_the_message_as_submitted_and_the_nodes_own_receipt()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        var accepted = house["FR"].ReceiptOf(await house["FR"].SubmitAsync(message));
        using var attending = await Attending.OpenAsync(house, "DE");

        var delivery = await attending.DeliveryAsync();

        Assert.Equal(message, delivery.Envelope);
        Assert.Equal((accepted.Position, 1u, false, 1ul), (delivery.Position, delivery.Attempt, delivery.PossibleDuplicate, delivery.Sequence));
        Assert.True(ReceiptBuilding.TryRead(delivery.Acceptance.Memory, AcceptanceReceipt.Parser, out var signed, out var acceptance, out _));
        Assert.True(signed.VerifySignature());
        Assert.Equal((accepted, new Holder(HolderRole.Node, "node")), (acceptance, signed.Signer));
        Assert.NotEmpty(delivery.DeliveryId);
    }

    [Theory]
    [InlineData(DeliveryOutcome.Delivered, "delivery.delivered.v1")]
    [InlineData(DeliveryOutcome.Refused, "delivery.refused.v1")]
    [InlineData(DeliveryOutcome.Quarantined, "delivery.quarantined.v1")]
    public async Task A_receipt_is_recorded_with_its_attempt_in_one_append_and_its_repeat_gets_the_same_position(DeliveryOutcome outcome, string type)
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();
        var signed = attending.Sign(attending.ReceiptFor(delivery.Envelope, outcome));

        var recorded = await attending.RecordAsync(signed, delivery.DeliveryId);
        var again = await attending.RecordAsync(signed, "no delivery of ours");

        Assert.Equal(recorded.Position, again.Position);
        var stored = await house.ReadAsync(attending.StreamOf(delivery.Envelope));
        Assert.Equal(["delivery.attempted.v1", type], stored.Select(recorded => recorded.Type));
        // The answer names the receipt's event, and nothing came between the two: one append.
        Assert.Equal([recorded.Position - 1, recorded.Position], stored.Select(recorded => recorded.Position.Value));
        var attempted = Attempted.Parser.ParseFrom(stored[0].Data.Span);
        Assert.Equal(("receipt", 1u, 1ul, "node"), (attempted.EndedBy, attempted.Attempt, attempted.Sequence, attempted.Node));
        var (receipt, signer, reason) = Fact(Domain.EventTypes.Parse(stored[1].Type, stored[1].Data));
        Assert.Equal((signed, ByteString.CopyFrom(Digests.Sha256(house["DE"].Keys.Sign!.RawData))), (receipt, signer));
        Assert.Equal(outcome == DeliveryOutcome.Delivered ? "" : "CANNOT_OPEN", reason);
        var metadata = EventMetadata.Parser.ParseFrom(stored[1].Metadata.Span);
        Assert.Equal(("urn:backbone:bureau:DE", house["DE"].HeaderOf(delivery.Envelope).MessageId), (metadata.Actor, metadata.Correlation));
    }

    [Fact]
    public async Task OPENED_follows_DELIVERED_once_also_in_the_very_next_frame()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        for (var i = 0; i < 12; i++) await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        using var attending = await Attending.OpenAsync(house, "DE");
        var deliveries = await attending.DeliveriesAsync(12);

        // None of the answers is waited for: the node records receipts beside each other, but those of one message in the order sent.
        foreach (var delivery in deliveries)
        {
            var opened = attending.ReceiptFor(delivery.Envelope, DeliveryOutcome.Opened);
            opened.Officer = "officer-7";
            foreach (var receipt in (DeliveryReceipt[])[attending.ReceiptFor(delivery.Envelope), opened])
                await attending.SendAsync(new FromGateway { Receipt = new Receipt { Signed = attending.Sign(receipt) } });
        }

        for (var i = 0; i < 24; i++) Assert.NotNull((await attending.AnswerAsync()).Recorded);
        var first = deliveries[0];
        var events = await attending.EventsAsync(first.Envelope);
        Assert.Equal(
            [typeof(Attempted), typeof(Delivered), typeof(Opened)], events.Select(e => e.GetType()));
        Assert.Equal("officer-7", ((Opened)events[2]).Officer);
        var once = attending.ReceiptFor(first.Envelope, DeliveryOutcome.Opened);
        var stored = await house.ReadAsync(attending.StreamOf(first.Envelope));
        Assert.Equal(stored[2].Position.Value, (await attending.RecordAsync(attending.Sign(once))).Position);
        Assert.Equal(stored[1].Position.Value, (await attending.RecordAsync(first)).Position);
        Assert.Equal(3, (await attending.EventsAsync(first.Envelope)).Count);
    }

    [Fact]
    public async Task QUARANTINED_is_not_final_and_is_not_presented_again_by_itself()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        Delivery kept;
        using (var attending = await Attending.OpenAsync(house, "DE"))
        {
            kept = await attending.DeliveryAsync();
            await attending.RecordAsync(kept, DeliveryOutcome.Quarantined);
        }

        var next = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(next);
        using var after = await Attending.OpenAsync(house, "DE");

        Assert.Equal(next, (await after.DeliveryAsync()).Envelope);
        await after.RecordAsync(kept);
        Assert.Equal(
            [typeof(Attempted), typeof(Quarantined), typeof(Delivered)], (await after.EventsAsync(kept.Envelope)).Select(e => e.GetType()));
    }

    [Fact]
    public async Task A_receipt_counts_on_any_stream_of_its_bureau_whatever_delivery_it_names()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var message = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(message);
        using var first = await Attending.OpenAsync(house, "DE");
        var delivery = await first.DeliveryAsync();
        var signed = first.Sign(first.ReceiptFor(delivery.Envelope));

        // Superseded before it could say so; the newer stream never was shown the message, for its windows are closed.
        using var second = await Attending.OpenAsync(house, "DE", new Window());
        await first.EndsAsync(Protocol.Signing.Reasons.Superseded);
        await second.RecordAsync(signed, new string('x', 128));

        Assert.Equal([("superseded", 1u)], (await second.EventsAsync(message)).OfType<Attempted>().Select(e => (e.EndedBy, e.Attempt)));
        Assert.Equal(signed, (await second.EventsAsync(message)).OfType<Delivered>().Single().Receipt);
        await house.RestartAsync();
        using var third = await Attending.OpenAsync(house, "DE");
        await third.RecordAsync(signed);
        var next = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(next);
        Assert.Equal(next, (await third.DeliveryAsync()).Envelope);
    }

    [Fact]
    public async Task Track_shows_the_sender_what_became_of_it()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var message = house["FR"].Compose([house["DE"], house["ES"]]);
        await house["FR"].SubmitAsync(message);
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();
        var signed = attending.Sign(attending.ReceiptFor(delivery.Envelope, DeliveryOutcome.Refused));
        await attending.RecordAsync(signed);

        var request = new TrackRequest { MessageId = house["FR"].HeaderOf(message).MessageId };
        var tracking = await house["FR"].Exchange.TrackAsync(request, cancellationToken: TestContext.Current.CancellationToken);

        var mine = tracking.Recipients.Single(recipient => recipient.Recipient == "DE");
        Assert.Equal((DeliveryState.Refused, "CANNOT_OPEN", 1u, 1ul), (mine.State, mine.Reason, mine.Attempts, mine.Sequence));
        Assert.Equal([signed], mine.Receipts);
        Assert.Equal(DeliveryState.Waiting, tracking.Recipients.Single(recipient => recipient.Recipient == "ES").State);
    }

    private static (ByteString Receipt, ByteString Signer, string Reason) Fact(IMessage recorded) => recorded switch
    {
        Delivered e => (e.Receipt, e.SignerSha256, ""),
        V1.Refused e => (e.Receipt, e.SignerSha256, e.Reason),
        Quarantined e => (e.Receipt, e.SignerSha256, e.Reason),
        _ => throw new InvalidDataException(recorded.Descriptor.FullName),
    };
}
