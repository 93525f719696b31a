using System.Text;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.LocalApi;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Carrying;

/// <summary>A bureau that never has a line takes part by files.</summary>
public sealed class CarryWalkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bureau_without_a_line_sends_is_answered_and_sees_what_became_of_its_message()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var germany = await house.AttendAsync("DE");
        var france = await Courier.WithoutLineAsync(house, "FR");
        Assert.False(france.Host.DirectoryKnown.IsCompleted);
        await courier.ToBureauAsync(france);
        await france.Host.DirectoryKnown.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        var large = await france.SendAsync("DE", new string('x', 100_000));
        var asked = await france.SendAsync("DE", "Where is the blue van?", Precedence.Flash);

        var brought = await courier.ToNodeAsync(france);

        Assert.Equal((2ul, 0ul, 0ul), (brought.Taken, brought.Repeated, brought.Refused));
        Assert.Equal([Precedence.Flash, Precedence.Routine], brought.Messages.Select(level => level.Precedence));
        await germany.ReceivesAsync(large);
        await germany.ReceivesAsync(asked);
        await germany.Host.OpenAsync(asked, "officer-7", Cancel);
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message == asked && r.Outcome == DeliveryOutcome.Opened);
        var answer = await germany.SendAsync(new Draft { To = ["FR"], Text = "In Kehl.", InReplyTo = asked.Value, Kind = "answer" });
        await germany.AcceptedAsync(answer);
        var taken = await courier.ToBureauAsync(france);

        Assert.Equal((1ul, 2ul, 2ul), (taken.Taken, taken.Answers, taken.Trackings));
        await france.AcceptedAsync(asked);
        await france.AcceptedAsync(large);
        Assert.Equal(0, france.Parts.Queue.Messages);
        Assert.Null(france.Parts.Queue.TryTake(_ => true)); // a line that came later would have nothing to send again
        Assert.Equal("opened", (await StateAsync(france, asked)).State);
        Assert.Equal("delivered", (await StateAsync(france, large)).State);
        Assert.All((await StateAsync(france, asked)).Receipts, receipt => Assert.True(receipt.Verified, receipt.Problem));
        Assert.Equal("In Kehl.", (await france.Host.OpenAsync(answer, "officer-1", Cancel))!.Content.Text);

        // The receipts go the same way, DELIVERED and OPENED in one file.
        Assert.Equal((2ul, 0ul), await ReceiptsAsync(courier, france));
        Assert.Equal("opened", (await StateAsync(germany, answer)).State);
        await courier.ToBureauAsync(france);
        Assert.Equal(0, france.Parts.Receipts.CountToSend());
    }

    [Fact]
    public async Task Nothing_that_is_sealed_stands_open_in_a_file_and_only_its_owner_may_read_it()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        await france.SendAsync("DE", "marker-7f3a");

        var file = await Courier.ExportAsync(france);
        await courier.ToNodeAsync(file);
        var toGermany = (await courier.FromNodeAsync("DE")).File;

        Assert.DoesNotContain("marker-7f3a", Encoding.Latin1.GetString(file), StringComparison.Ordinal);
        Assert.DoesNotContain("marker-7f3a", Encoding.Latin1.GetString(toGermany), StringComparison.Ordinal);
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        foreach (var folder in new[] { france.Options.DataFolder, house.Node.Options.DataFolder })
            Assert.All(System.IO.Directory.GetFiles(Path.Combine(folder, "carry")), path => Assert.Equal(Owner, File.GetUnixFileMode(path)));
        house.Logs.AssertNowhere("marker-7f3a");
    }

    [Fact]
    public async Task What_was_exported_is_open_until_its_receipt_comes_and_is_carried_again_as_a_possible_duplicate()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var germany = await Courier.WithoutLineAsync(house, "DE");
        var reply = await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        var id = house["FR"].ReceiptOf(reply).MessageId;

        var (first, one) = await courier.FromNodeAsync("DE");
        var (second, two) = await courier.FromNodeAsync("DE");
        Assert.Equal((1ul, 1ul), (one.Messages.Single().Count, two.Messages.Single().Count));
        Assert.Equal(1ul, (await Courier.TakeAsync(germany, first)).Taken);
        var again = await Courier.TakeAsync(germany, second);

        Assert.Equal((0ul, 1ul), (again.Taken, again.Repeated));
        Assert.Single(germany.Parts.Inbox.List(new InboxQuery()));
        Assert.Equal((1ul, 0ul), await ReceiptsAsync(courier, germany));
        var history = (await house.Node.ReadAsync(StreamId.Delivery(id, "DE"))).ConvertAll(stored => EventTypes.Parse(stored.Type, stored.Data));
        Assert.Equal([(1u, "carried"), (2u, "carried")], history.OfType<Attempted>().Select(attempt => (attempt.Attempt, attempt.EndedBy)));
        Assert.Single(history.OfType<Delivered>());
        Assert.Empty((await courier.FromNodeAsync("DE")).Summary.Messages);
    }

    [Fact]
    public async Task The_most_urgent_come_first_and_a_bound_leaves_the_rest_for_a_later_file()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var courier = await Courier.OfAsync(house);
        var germany = await Courier.WithoutLineAsync(house, "DE");
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        foreach (var precedence in new[] { Precedence.Routine, Precedence.Priority, Precedence.Flash, Precedence.Immediate }) await france.SendAsync("DE", precedence: precedence);

        var some = await courier.ToNodeAsync(await Courier.ExportAsync(france, most: 3));
        Assert.Equal([Precedence.Flash, Precedence.Immediate, Precedence.Priority], some.Messages.Select(level => level.Precedence));
        Assert.Equal((1ul, 3ul), await TakenAsync(courier, await Courier.ExportAsync(france)));
        var (file, summary) = await courier.FromNodeAsync("DE", most: 2);
        Assert.Equal([Precedence.Flash, Precedence.Immediate], summary.Messages.Select(level => level.Precedence));
        Assert.Equal(2ul, summary.Left);
        await Courier.TakeAsync(germany, file);
        Assert.Equal(
            [Precedence.Flash, Precedence.Immediate],
            germany.Seen.OfType<GatewayEvent.Received>().Select(received => received.Precedence).OrderDescending());
        Assert.Equal(4ul, (await courier.FromNodeAsync("DE", mostBytes: 1_000_000)).Summary.Messages.Aggregate(0ul, (sum, level) => sum + level.Count));
        Assert.Empty((await courier.FromNodeAsync("DE", mostBytes: 1)).Summary.Messages);
    }

    [Fact]
    public async Task A_refusal_comes_back_by_file_and_a_changed_directory_seals_again()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE", "ES");
        var courier = await Courier.OfAsync(house);
        var france = await Courier.WithoutLineAsync(house, "FR");
        await courier.ToBureauAsync(france);
        var toGermany = await france.SendAsync("DE");
        var toSpain = await france.SendAsync("ES");
        await house.EnrolNewAsync("DE", CertificateUse.Seal);
        await house.Node.CloseAsync("ES");
        house.Node.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal((0ul, 2ul), Pair(await courier.ToNodeAsync(france)));
        await courier.ToBureauAsync(france);

        var refused = Assert.IsType<GatewayEvent.Refused>(await france.AnswerAsync(toSpain));
        Assert.Equal("UNKNOWN_RECIPIENT", refused.Reason);
        Assert.Equal(OutboxState.Waiting, france.Parts.Outbox.Find(toGermany.Value)!.State);
        Assert.Equal((1ul, 0ul), Pair(await courier.ToNodeAsync(france)));
        await courier.ToBureauAsync(france);
        await france.AcceptedAsync(toGermany);
    }

    private static (ulong, ulong) Pair(CarrySummary summary) => (summary.Taken, summary.Refused);

    private static async Task<(ulong, ulong)> TakenAsync(Courier courier, byte[] file)
    {
        var summary = await courier.ToNodeAsync(file);
        return (summary.Taken, summary.Repeated);
    }

    private static async Task<(ulong, ulong)> ReceiptsAsync(Courier courier, RunningGateway gateway)
    {
        var summary = await courier.ToNodeAsync(gateway);
        return (summary.Receipts, summary.ReceiptsRefused);
    }

    private static async Task<RecipientShape> StateAsync(RunningGateway gateway, MessageId id)
    {
        var (tracking, problem) = await new Tracker(gateway.Parts).TrackAsync(id, Cancel);
        Assert.True(tracking is not null, problem);
        return tracking.Recipients.Single();
    }
}
