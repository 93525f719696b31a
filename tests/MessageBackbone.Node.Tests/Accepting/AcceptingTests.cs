using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Accepting;

public sealed class AcceptingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_accepted_message_is_one_event_and_its_receipt_says_where()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        var envelope = house["FR"].Compose([house["ES"], house["DE"]]);

        var reply = await house["FR"].SubmitAsync(envelope);

        var receipt = house["FR"].ReceiptOf(reply);
        var stored = (await house.Log.ReadAtAsync(new LogPosition(receipt.Position), Cancel))!;
        var leaf = LedgerLeaves.Write(
            stored.EventId, stored.Stream.Value, stored.Revision.Value, stored.Type, stored.Data.Span, stored.Metadata.Span, stored.RecordedAt);
        Assert.Equal(ByteString.CopyFrom(LedgerLeaves.Hash(leaf)), receipt.LeafHash);
        Assert.Equal(ByteString.CopyFrom(Digests.Sha256(envelope.Header.Span)), receipt.HeaderSha256);
        Assert.Equal(["DE", "ES"], receipt.Recipients);
        Assert.Equal((house.Log.Name, "node", false), (receipt.Log, receipt.Node, reply.Duplicate));
        Assert.Equal(new Holder(HolderRole.Node, "node"), house["FR"].Read(reply.Receipt).Signer);
        Assert.Equal(1, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task The_same_bytes_again_get_the_content_of_the_first_receipt()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var envelope = house["FR"].Compose(house["DE"]);
        var first = await house["FR"].SubmitAsync(envelope);

        var again = await house["FR"].SubmitAsync(envelope);

        Assert.True(again.Duplicate);
        Assert.Equal(house["FR"].ReceiptOf(first), house["FR"].ReceiptOf(again));
        Assert.Equal(1, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task A_late_retry_gets_the_first_receipt_whatever_has_expired_or_was_revoked_since()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var deliverBy = house.Clock.GetUtcNow().AddMinutes(10);
        Envelope Compose() => house["FR"].Compose(house["DE"], header => header.DeliverBy = deliverBy.ToTimestamp());
        var (envelope, unsent) = (Compose(), Compose());
        var first = await house["FR"].SubmitAsync(envelope);

        house.Clock.Advance(TimeSpan.FromMinutes(20));
        // To a message that was not accepted before, the lapse of time alone is fatal, and so is the revocation.
        await Refused.ForAsync(Reasons.Expired, () => house["FR"].SubmitAsync(unsent));
        await house.RevokeAsync(house["FR"].Keys.Sign!.RawData);
        await Refused.ForAsync(Reasons.CertificateNotValid, () => house["FR"].SubmitAsync(house["FR"].Compose(house["DE"])));
        SubmitReply[] late = [await house["FR"].SubmitAsync(envelope), await house["FR"].SubmitAsync(envelope)];

        Assert.All(late, reply => Assert.True(reply.Duplicate));
        Assert.All(late, reply => Assert.Equal(first.Position, reply.Position));
        Assert.All(late, reply => Assert.Equal(house["FR"].ReceiptOf(first), house["FR"].ReceiptOf(reply)));
        // Of this message: what became of it by then is the house's to report, in messages of its own.
        Assert.Single(await house.ReadAsync(StreamId.Message(house["FR"].ReceiptOf(first).MessageId)));
    }

    [Fact]
    public async Task Concurrent_submissions_of_one_id_record_it_once()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var envelope = house["FR"].Compose(house["DE"]);

        var replies = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => house["FR"].SubmitAsync(envelope)));

        Assert.Single(replies, reply => !reply.Duplicate);
        Assert.Single(replies.Select(house["FR"].ReceiptOf).Distinct());
        Assert.Equal(1, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task A_message_survives_a_restart_with_its_receipt_and_its_body()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var envelope = house["FR"].Compose(house["DE"]);
        var first = await house["FR"].SubmitAsync(envelope);

        await house.RestartAsync();
        using var channel = Party.Connect(house.Node.GrpcAddress, house["FR"].Keys.Tls, house.Anchor, house.Clock);
        var client = new ExchangeService.ExchangeServiceClient(channel);
        var again = await client.SubmitAsync(new SubmitRequest { Envelope = envelope }, cancellationToken: Cancel);

        Assert.Equal(house["FR"].ReceiptOf(first), house["FR"].ReceiptOf(again));
        var header = house["FR"].HeaderOf(envelope);
        using var download = client.DownloadContent(
            new ContentRequest { MessageId = header.MessageId, Sha256 = header.BodySha256 }, cancellationToken: Cancel);
        Assert.True(await download.ResponseStream.MoveNext(Cancel));
        Assert.Equal(envelope.Body, download.ResponseStream.Current.Data);
    }
}
