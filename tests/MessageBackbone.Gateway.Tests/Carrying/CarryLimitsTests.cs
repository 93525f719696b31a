using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Gateway.Carrying;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Carrying;

/// <summary>What a file does not settle: quotas, attachments, and deliveries that only a line could verify.</summary>
public sealed class CarryLimitsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_quota_counts_for_files_too_and_what_is_above_it_waits_for_a_later_one()
    {
        await using var house = await GatewayHouse.OpenAsync(o => o.Accepting.Routine = new() { PerSecond = 1, Burst = 1 }, "FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        for (var i = 0; i < 2; i++) await france.SendAsync("DE");

        var brought = await courier.ToNodeAsync(france);
        await courier.ToBureauAsync(france);

        Assert.Equal((1ul, 1ul), (brought.Taken, brought.Refused));
        Assert.Equal(1, france.Parts.Queue.Messages);
        Assert.Single(france.Parts.Outbox.Waiting());
        house.Node.Clock.Elapse(TimeSpan.FromSeconds(5));
        Assert.Equal(1ul, (await courier.ToNodeAsync(france)).Taken);
        await courier.ToBureauAsync(france);
        Assert.Empty(france.Parts.Outbox.Waiting());
    }

    [Fact]
    public async Task A_message_with_attachments_stays_in_the_outbox_and_is_named()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        var envelope = house["FR"].Compose(house["DE"], header => header.Attachments.Add(
            new ContentRef { Sha256 = ByteString.CopyFrom(new byte[32]), Size = 5, MediaType = "application/pdf" }));
        var id = house["FR"].HeaderOf(envelope).MessageId;
        var (header, body) = (envelope.Header.ToByteArray(), envelope.Body.ToByteArray());
        await france.Parts.Outbox.AddAsync(
            new SignedMessage(id, (int)Precedence.Priority, "text", "", ["DE"], Digests.Sha256(header), header, body), new Origin("test", null, house.Node.Clock.GetUtcNow()), Cancel);
        await france.SendAsync("DE");

        var written = await france.Parts.Carry.WriteAsync(0, 0, Cancel);

        Assert.Equal([id], written.NotCarried);
        Assert.Equal((1ul, 0ul), (written.Messages.Single().Count, written.Left));
        Assert.Contains(france.Parts.Outbox.Waiting(), waiting => waiting.MessageId == id);
    }

    [Fact]
    public async Task A_delivery_whose_signer_the_file_does_not_vouch_for_is_refused_and_holds_up_nothing()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var germany = await Courier.WithoutLineAsync(house, "DE");
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        var file = await WithoutDirectoryAsync(house, (await courier.FromNodeAsync("DE")).File);

        var taken = await Courier.TakeAsync(germany, file);

        Assert.Equal((0ul, 1ul), (taken.Taken, taken.Refused));
        Assert.Empty(germany.Parts.Inbox.List(new InboxQuery()));
        var refused = Assert.IsType<GatewayEvent.Received>(germany.Seen.Last(happened => happened is GatewayEvent.Received));
        Assert.Equal((DeliveryOutcome.Refused, "SIGNATURE_INVALID"), (refused.Outcome, refused.Reason));
        Assert.Equal(1, germany.Parts.Receipts.CountToSend());
    }

    [Fact]
    public async Task A_file_ends_before_it_is_longer_than_anybody_takes()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        foreach (var precedence in new[] { Precedence.Routine, Precedence.Flash }) await france.SendAsync("DE", precedence: precedence);
        var export = new CarryExport(
            france.Parts.Keys, france.Parts.Outbox, france.Parts.Receipts, france.Parts.Carried, new CarryFolder(france.Options), house.Node.Clock,
            mostBytes: CarryExport.BytesForTheRest + 100);

        var written = await export.WriteAsync(0, 0, Cancel);

        Assert.Equal((Precedence.Flash, 1ul, 1ul), (written.Messages.Single().Precedence, written.Messages.Single().Count, written.Left));
    }

    [Fact]
    public async Task A_hundred_that_no_file_can_hold_are_named_and_the_others_counted()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        var envelope = house["FR"].Compose(house["DE"], header => header.Attachments.Add(
            new ContentRef { Sha256 = ByteString.CopyFrom(new byte[32]), Size = 5, MediaType = "application/pdf" }));
        var (header, body) = (envelope.Header.ToByteArray(), envelope.Body.ToByteArray());
        for (var i = 0; i < 103; i++)
        {
            await france.Parts.Outbox.AddAsync(
                new SignedMessage($"message-{i}", (int)Precedence.Routine, "text", "", ["DE"], Digests.Sha256(header), header, body),
                new Origin("test", null, house.Node.Clock.GetUtcNow()), Cancel);
        }

        var written = await france.Parts.Carry.WriteAsync(0, 0, Cancel);

        Assert.Equal((100, 3ul), (written.NotCarried.Count, written.NotCarriedMore));
    }

    [Fact]
    public async Task A_tracking_that_no_file_can_hold_is_left_out_and_holds_up_no_file()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        var id = await france.SendAsync("DE");
        await courier.ToNodeAsync(france);
        // As 500 recipients with large receipts.
        var large = new Delivered { MessageId = id.Value, Recipient = "DE", Receipt = ByteString.CopyFrom(new byte[1_000_000]), At = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch) };
        for (var i = 0; i < 5; i++)
        {
            var stored = new NewEvent(Guid.NewGuid(), EventTypes.NameOf(large), large.ToByteArray(), default, house.Node.Clock.GetUtcNow());
            await house.Node.Log.AppendAsync(StreamId.Delivery(id.Value, "DE"), ExpectedRevision.Any, [stored], Cancel);
        }

        var taken = await courier.ToBureauAsync(france);

        Assert.Equal((1ul, 0ul), (taken.Answers, taken.Trackings));
        await france.AcceptedAsync(id);
    }

    // As a node would write it that knows nobody: signed by a certificate of its role.
    private static async Task<byte[]> WithoutDirectoryAsync(GatewayHouse house, byte[] file)
    {
        using var keys = house.Node.Ca.IssueAll(new Holder(HolderRole.Node, "node-2"), house.Node.Clock.GetUtcNow()).OpenKeys();
        var reader = await CarryReader.OpenAsync(new MemoryStream(file), Cancel);
        using var stored = new MemoryStream();
        using var content = new CarryContent(stored);
        await foreach (var record in reader.ReadAsync(Cancel))
            if (record.Directory is null) await content.AddAsync(record, Cancel);
        stored.Position = 0;
        using var written = new MemoryStream();
        await CarryFile.WriteAsync(written, content.Describe(reader.Manifest.Clone()), stored, keys.Sign!, reader.Signed.SigningTime, Cancel);
        return written.ToArray();
    }
}
