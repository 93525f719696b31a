using Google.Protobuf;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Receiving;

/// <summary>DE's gateway behind a node that may lie; FR and ES send what they like.</summary>
public sealed class ReceivingHouse : IAsyncLifetime
{
    internal GatewayHouse House { get; private set; } = null!;

    internal FalseNode Between { get; private set; } = null!;

    internal RunningGateway Germany { get; private set; } = null!;

    internal Party Fr => House["FR"];

    public async ValueTask InitializeAsync()
    {
        House = await GatewayHouse.OpenAsync("FR", "DE", "ES");
        Between = await House.StandBetweenAsync("DE");
        Germany = await House.AttendAsync("DE", node: Between.Address);
    }

    public ValueTask DisposeAsync() => House.DisposeAsync();

    /// <summary>Has the node accept the message and the gateway judge it, changed on its way.</summary>
    internal async Task<GatewayEvent.Received> DeliverAsync(Envelope envelope, Action<Delivery>? change = null, Party? sender = null)
    {
        var header = envelope.Header;
        Between.ToGateway = frame =>
        {
            if (frame.Delivery is { } delivery && delivery.Envelope.Header.Equals(header)) change?.Invoke(delivery);
            return [frame];
        };
        var sent = sender ?? Fr;
        await sent.SubmitAsync(envelope);
        return await Germany.ReceivesAsync(Fr.HeaderOf(envelope).MessageId);
    }
}

/// <summary>The recipient's checks of wire.md §4, each with its reason, in their order.</summary>
public sealed class CheckedDeliveryTests(ReceivingHouse house) : IClassFixture<ReceivingHouse>
{
    private Party Fr => house.Fr;

    private Party De => house.House["DE"];

    [Fact]
    public async Task A_good_message_is_delivered_and_recorded()
    {
        var envelope = Fr.Compose(De);

        var received = await house.DeliverAsync(envelope);

        Assert.Equal((DeliveryOutcome.Delivered, "", "FR", false), (received.Outcome, received.Reason, received.From.Value, received.Repeated));
        await house.Germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message == received.Message && r.Outcome == DeliveryOutcome.Delivered);
    }

    [Fact]
    public async Task A_header_that_nobody_enrolled_signed_is_SIGNATURE_INVALID_before_anything_else_is_looked_at()
    {
        using var stranger = house.House.Node.Issue(Holder.Bureau("FR"));
        var envelope = Fr.Compose(De);
        var forged = Fr.Resign(envelope, header => header.Kind = "request", stranger).Header;

        var received = await house.DeliverAsync(envelope, delivery =>
        {
            delivery.Envelope.Header = forged;
            delivery.Envelope.Body = Altered(delivery.Envelope.Body);
        });

        await ShowsNothingAsync(received, Reasons.SignatureInvalid);
    }

    [Fact]
    public async Task A_header_signed_by_another_bureau_is_SIGNATURE_INVALID()
    {
        var envelope = Fr.Compose(De);
        var forged = Fr.Resign(envelope, header => header.Kind = "request", house.House["ES"]).Header;

        await ShowsNothingAsync(await house.DeliverAsync(envelope, delivery => delivery.Envelope.Header = forged), Reasons.SignatureInvalid);
    }

    [Fact]
    public async Task A_body_that_the_node_altered_is_CONTENT_MISMATCH() => await ShowsNothingAsync(
        await house.DeliverAsync(Fr.Compose(De), delivery => delivery.Envelope.Body = Altered(delivery.Envelope.Body)), Reasons.ContentMismatch);

    [Fact]
    public async Task A_body_of_another_message_is_CONTENT_MISMATCH()
    {
        var other = Fr.Compose(De).Body;

        await ShowsNothingAsync(await house.DeliverAsync(Fr.Compose(De), delivery => delivery.Envelope.Body = other), Reasons.ContentMismatch);
    }

    [Fact]
    public async Task A_sealed_body_whose_tag_does_not_hold_is_CANNOT_OPEN()
    {
        var envelope = WithBody(Fr.Compose(De), Altered);

        await ShowsNothingAsync(await house.DeliverAsync(envelope), Reasons.CannotOpen);
    }

    [Fact]
    public async Task A_content_with_an_unknown_field_is_CANNOT_OPEN()
    {
        var envelope = Fr.Compose(De);
        byte[] content = [.. ContentOf(envelope), 0xfa, 0x7f, 0x01, 0x61]; // field 2047

        await ShowsNothingAsync(await house.DeliverAsync(WithContent(envelope, content)), Reasons.CannotOpen);
    }

    [Fact]
    public async Task A_body_that_could_mean_something_else_to_another_is_CONTENT_MISMATCH()
    {
        var envelope = Fr.Resign(Fr.Compose(De), header => header.ContentSha256 = ByteString.CopyFrom(Digests.Sha256([1])));

        await ShowsNothingAsync(await house.DeliverAsync(envelope), Reasons.ContentMismatch);
    }

    [Fact]
    public async Task A_body_borrowed_from_anothers_message_is_NOT_FOR_US()
    {
        var spain = house.House["ES"];
        var borrowed = spain.Resign(Fr.Compose(De), header => (header.From, header.MessageId) = ("ES", NewId()));

        await ShowsNothingAsync(await house.DeliverAsync(borrowed, sender: spain), Reasons.NotForUs);
    }

    [Fact]
    public async Task A_message_to_others_CANNOT_be_OPENed()
    {
        var toSpain = Fr.Compose(house.House["ES"]);
        var id = Fr.HeaderOf(toSpain).MessageId;
        var carrier = Fr.Compose(De);
        house.Between.ToGateway = frame =>
        {
            if (frame.Delivery?.Envelope.Header.Equals(carrier.Header) == true) frame.Delivery.Envelope = toSpain;
            return [frame];
        };
        await Fr.SubmitAsync(carrier);

        await ShowsNothingAsync(await house.Germany.ReceivesAsync(id), Reasons.CannotOpen);
    }

    [Fact]
    public async Task An_acceptance_of_another_message_cannot_put_this_one_in_its_place()
    {
        var envelope = Fr.Compose(De);
        var victim = NewId();
        using var node = house.House.Node.Ca.IssueAll(new Holder(HolderRole.Node, "node-2"), house.House.Node.Clock.GetUtcNow()).OpenKeys();

        var received = await house.DeliverAsync(envelope, delivery =>
        {
            ReceiptBuilding.TryRead(delivery.Acceptance.Memory, AcceptanceReceipt.Parser, out _, out var acceptance, out _);
            acceptance!.MessageId = victim;
            delivery.Acceptance = ByteString.CopyFrom(ReceiptBuilding.Acceptance(acceptance, node.Sign!, house.House.Node.Clock.GetUtcNow()));
        });

        Assert.Equal(DeliveryOutcome.Delivered, received.Outcome);
        Assert.Null(house.Germany.Parts.Inbox.Find(victim));
        Assert.Contains(house.House.Logs.Lines, line => line.Event.Id == 52 && line.Text.Contains(received.Message.Value, StringComparison.Ordinal));
    }

    private async Task ShowsNothingAsync(GatewayEvent.Received received, string reason)
    {
        Assert.Equal((DeliveryOutcome.Refused, reason), (received.Outcome, received.Reason));
        Assert.Null(house.Germany.Parts.Inbox.Find(received.Message.Value));
        Assert.Null(await house.Germany.Host.OpenAsync(received.Message, "officer-1", TestContext.Current.CancellationToken));
    }

    private string NewId() => MessageId.New(house.House.Node.Clock.GetUtcNow()).Value;

    private byte[] ContentOf(Envelope envelope) =>
        SealedBody.TryRead(envelope.Body.Memory, out var body, out _) && body.TryOpen(De.Keys.SealKeys, out var content, out _)
            ? content
            : throw new InvalidDataException("The body does not open.");

    private Envelope WithContent(Envelope envelope, byte[] content) =>
        WithBody(envelope, _ => ByteString.CopyFrom(SealedBody.Seal(content, [De.Keys.Seal!])), Digests.Sha256(content));

    private Envelope WithBody(Envelope envelope, Func<ByteString, ByteString> change, byte[]? contentSha256 = null)
    {
        var body = change(envelope.Body);
        var signed = Fr.Resign(envelope, header =>
        {
            header.BodySha256 = ByteString.CopyFrom(Digests.Sha256(body.Span));
            header.BodySize = (ulong)body.Length;
            if (contentSha256 is not null) header.ContentSha256 = ByteString.CopyFrom(contentSha256);
        });
        signed.Body = body;
        return signed;
    }

    // The last byte of a sealed body is one of its tag.
    private static ByteString Altered(ByteString body)
    {
        var bytes = body.ToByteArray();
        bytes[^1] ^= 1;
        return ByteString.CopyFrom(bytes);
    }
}
