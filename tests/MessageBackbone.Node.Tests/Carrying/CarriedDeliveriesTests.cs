using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Carrying;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Carrying;

/// <summary>A bureau's open deliveries in a file.</summary>
public sealed class CarriedDeliveriesTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_passed_over_is_told_by_the_file_and_what_it_cannot_hold_is_not_presented()
    {
        await using var house = await House.OpenAsync(options => options.Delivering.DeadlinesLookedAtEvery = TimeSpan.FromMilliseconds(50), "FR", "DE");
        using var by = await house.AddAsync(new Holder(HolderRole.Operator, "operator-1"));
        await SubmitAsync(house, header => header.DeliverBy = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(house.Clock.GetUtcNow() + Hour));
        house.Clock.Advance(Hour);
        await house.UntilRecordedAsync("delivery.expired.v1");
        var bodiless = await SubmitAsync(house);
        await LoseBodyAsync(house, bodiless);
        var carried = await SubmitAsync(house);

        var (file, summary) = await ExportAsync(by);

        Assert.Equal([bodiless.MessageId], summary.NotCarried);
        var delivery = Assert.Single(file);
        Assert.Equal((3ul, 1u, false), (delivery.Sequence, delivery.Attempt, delivery.PossibleDuplicate));
        Assert.Equal([1ul], delivery.Skipped);
        Assert.Equal(carried.MessageId, house["FR"].HeaderOf(delivery.Envelope).MessageId);
        var plan = house.Node.Services.GetRequiredService<Plan>();
        Assert.Equal(0u, plan.Ask.Find(Guid.Parse(bodiless.MessageId), "DE")!.Attempts);
        Assert.Equal(1u, plan.Ask.Find(Guid.Parse(carried.MessageId), "DE")!.Attempts);
        // Told by each repeat until it is final.
        var repeated = Assert.Single((await ExportAsync(by)).File);
        Assert.Equal((2u, true), (repeated.Attempt, repeated.PossibleDuplicate));
        Assert.Equal([1ul], repeated.Skipped);
    }

    [Fact]
    public async Task A_file_that_has_as_many_records_as_it_may_leaves_the_least_urgent_for_a_later_one()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        foreach (var precedence in (Precedence[])[Precedence.Routine, Precedence.Routine, Precedence.Flash, Precedence.Priority])
            await SubmitAsync(house, header => header.Precedence = precedence);
        var deliveries = house.Node.Services.GetRequiredService<CarriedDeliveries>();
        using var written = new MemoryStream();
        using var content = new CarryContent(written, mostRecords: 2);
        await using var presented = new CarriedAttempts(new MemoryStream()) { At = house.Clock.GetUtcNow() };

        var kept = await deliveries.AddAsync(content, presented, new CarryOutRequest { Bureau = "DE" }, await house.Log.EndAsync(Cancel), Cancel);
        await deliveries.RecordAsync("DE", presented);

        Assert.Equal((2ul, 2ul), (kept.Left, presented.Count));
        Assert.Equal([Precedence.Flash, Precedence.Priority], content.Tally.Messages.Select(level => level.Precedence));
        var attempts = new List<Attempted>();
        await foreach (var batch in house.Log.ReadAllAsync(LogPosition.Start, Cancel))
            attempts.AddRange(batch.Where(e => e.Type == "delivery.attempted.v1").Select(e => Attempted.Parser.ParseFrom(e.Data.Span)));
        Assert.Equal(2, attempts.Count);
        Assert.All(attempts, attempt => Assert.Equal(("DE", 1u, 1ul, "carried"), (attempt.Recipient, attempt.Attempt, attempt.Sequence, attempt.EndedBy)));
    }

    [Fact]
    public async Task A_file_that_has_no_room_for_the_largest_record_leaves_the_least_urgent_for_a_later_one()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        foreach (var precedence in (Precedence[])[Precedence.Routine, Precedence.Flash]) await SubmitAsync(house, header => header.Precedence = precedence);
        var deliveries = house.Node.Services.GetRequiredService<CarriedDeliveries>();
        using var content = new CarryContent(new MemoryStream(), mostBytes: CarryFile.LargestRecord + 100);
        await using var presented = new CarriedAttempts(new MemoryStream()) { At = house.Clock.GetUtcNow() };

        var kept = await deliveries.AddAsync(content, presented, new CarryOutRequest { Bureau = "DE" }, await house.Log.EndAsync(Cancel), Cancel);

        Assert.Equal((1ul, 1ul), (kept.Left, presented.Count));
        Assert.Equal([Precedence.Flash], content.Tally.Messages.Select(level => level.Precedence));
    }

    [Fact]
    public async Task A_hundred_that_no_file_can_hold_are_named_and_the_others_counted()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        using var by = await house.AddAsync(new Holder(HolderRole.Operator, "operator-1"));
        await Parallel.ForAsync(0, 103, Cancel, async (_, _) => await SubmitAsync(house));
        await LoseBodiesAsync(house, 103);

        var (file, summary) = await ExportAsync(by);

        Assert.Equal((0, 100, 3ul), (file.Count, summary.NotCarried.Count, summary.NotCarriedMore));
    }

    [Fact]
    public async Task What_an_operator_ordered_again_leaves_in_a_file_and_a_receipt_that_comes_without_a_stream_of_its_own_closes_it()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        using var by = await house.AddAsync(new Holder(HolderRole.Operator, "operator-1"));
        var message = await SubmitAsync(house);
        ByteString signed;
        using (var attending = await Attending.OpenAsync(house, "DE"))
        {
            var delivery = await attending.DeliveryAsync();
            signed = attending.Sign(attending.ReceiptFor(delivery.Envelope));
            await attending.RecordAsync(signed, delivery.DeliveryId);
        }
        await new OperationsService.OperationsServiceClient(by.Channel).RedeliverAsync(
            new RedeliverRequest { Bureau = "DE", MessageId = message.MessageId, Reason = "INBOX_LOST" }, cancellationToken: Cancel);

        var carried = Assert.Single((await ExportAsync(by)).File);
        var receipts = house.Node.Services.GetRequiredService<CarriedReceipts>();
        var answers = await receipts.RecordAsync(new Caller(Holder.Bureau("DE"), default), [new Receipt { Signed = signed }], Cancel);

        Assert.Equal((message.MessageId, 2u, true), (house["FR"].HeaderOf(carried.Envelope).MessageId, carried.Attempt, carried.PossibleDuplicate));
        Assert.NotNull(Assert.Single(answers).Recorded);
        await house.UntilRecordedAsync("delivery.redelivery-ended.v1");
        Assert.Empty((await ExportAsync(by)).File);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_file_that_could_not_be_written_to_its_end()
    {
        await using var house = await House.OpenAsync("FR");
        var folder = house.Node.Services.GetRequiredService<CarryFolder>();
        var files = Path.Combine(house.Options.DataFolder, "carry");

        await Assert.ThrowsAsync<IOException>(() => folder.WriteAsync<int>(folder.ToBureau("FR", 1), async file =>
        {
            await file.WriteAsync(new byte[100], Cancel);
            throw new IOException("The disk is full.");
        }));

        Assert.Empty(System.IO.Directory.GetFiles(files));
        // Of a run that was killed in the middle.
        await File.WriteAllTextAsync(folder.ToBureau("FR", 1) + ".new", "half", Cancel);
        await house.RestartAsync();
        house.Node.Services.GetRequiredService<CarryFolder>();
        Assert.Empty(System.IO.Directory.GetFiles(files));
    }

    [Fact]
    public async Task What_was_presented_is_read_back_page_by_page_as_it_was_noted()
    {
        await using var presented = new CarriedAttempts(new MemoryStream()) { At = DateTimeOffset.UnixEpoch };
        var lane = new LaneKey("DE", Precedence.Routine);
        var noted = new List<CarriedAttempt>();
        for (var i = 0u; i < 200; i++)
        {
            var row = new PlanRow(lane, ulong.MaxValue - i, Guid.CreateVersion7(DateTimeOffset.UnixEpoch), LogPosition.Start, null, i + 1, false, null);
            noted.Add(new CarriedAttempt(row.MessageId, row.Sequence, i + 1));
            await presented.AddAsync(new Presentation(row, []), Cancel);
        }

        var pages = new List<IReadOnlyList<CarriedAttempt>>();
        await foreach (var page in presented.PagesAsync()) pages.Add(page);

        Assert.Equal(noted, pages.SelectMany(page => page));
        Assert.All(pages, page => Assert.InRange(page.Count, 1, 64));
    }

    private static async Task<MessageHeader> SubmitAsync(House house, Action<MessageHeader>? change = null)
    {
        var message = house["FR"].Compose(house["DE"], change);
        await house["FR"].SubmitAsync(message);
        return house["FR"].HeaderOf(message);
    }

    private static async Task<(List<Delivery> File, CarrySummary Summary)> ExportAsync(Party by)
    {
        using var call = new OperationsService.OperationsServiceClient(by.Channel).CarryOut(new CarryOutRequest { Bureau = "DE" }, cancellationToken: Cancel);
        using var file = new MemoryStream();
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        var summary = call.ResponseStream.Current.Summary;
        while (await call.ResponseStream.MoveNext(Cancel)) await file.WriteAsync(call.ResponseStream.Current.Data.Memory, Cancel);
        var deliveries = new List<Delivery>();
        await foreach (var record in (await CarryReader.OpenAsync(file, Cancel)).ReadAsync(Cancel))
            if (record.Delivery is { } delivery)
                deliveries.Add(delivery);
        return (deliveries, summary);
    }

    private static Task LoseBodyAsync(House house, MessageHeader header) =>
        LoseAsync(house, 1, "DELETE FROM body WHERE sha256 = $sha256", header.BodySha256.ToByteArray());

    private static Task LoseBodiesAsync(House house, int count) => LoseAsync(house, count, "DELETE FROM body WHERE sha256 <> $sha256", []);

    private static async Task LoseAsync(House house, int count, string sql, byte[] sha256)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(house.Options.DataFolder, "content.db")};Pooling=False;Foreign Keys=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$sha256", sha256);
        Assert.Equal(count, await command.ExecuteNonQueryAsync(Cancel));
    }
}
