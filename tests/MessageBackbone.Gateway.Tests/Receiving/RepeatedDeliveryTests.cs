using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Receiving;

/// <summary>A message is shown once, its receipt is the same bytes every time, and no answer is lost.</summary>
public sealed class RepeatedDeliveryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_delivery_that_comes_twice_is_shown_once_and_answered_with_the_same_bytes()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("DE");
        var receipts = Receipts(between);
        between.ToGateway = frame => frame.Delivery is null ? [frame] : [frame, frame];
        var germany = await house.AttendAsync("DE", node: between.Address);
        var envelope = house["FR"].Compose(house["DE"]);
        await house["FR"].SubmitAsync(envelope);

        var received = await germany.SeesAsync<GatewayEvent.Received>(2);

        Assert.Equal([false, true], received.Select(r => r.Repeated));
        Assert.All(received, r => Assert.Equal((DeliveryOutcome.Delivered, Precedence.Priority, "FR"), (r.Outcome, r.Precedence, r.From.Value)));
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>();
        Assert.Equal(1, germany.Parts.Inbox.Count().Shown);
        await house.Node.CountAsync("delivery.delivered.v1");
        Assert.Single(receipts.Select(r => r.Signed).Distinct());
    }

    [Fact]
    public async Task Another_header_under_the_id_of_a_shown_message_is_kept_apart()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("DE");
        var first = house["FR"].Compose(house["DE"]);
        var other = house["FR"].Resign(first, header => header.Reference = "FR-2026-9");
        between.ToGateway = frame =>
        {
            if (frame.Delivery is null) return [frame];
            var second = frame.Clone();
            (second.Delivery.Envelope.Header, second.Delivery.DeliveryId) = (other.Header, "second");
            return [frame, second];
        };
        var receipts = Receipts(between);
        var germany = await house.AttendAsync("DE", node: between.Address);
        await house["FR"].SubmitAsync(first);

        var apart = await germany.SeesAsync<GatewayEvent.Received>(r => r.Outcome == DeliveryOutcome.Quarantined);

        Assert.Equal((Reasons.DuplicateIdDifferentBytes, false), (apart.Reason, apart.Repeated));
        Assert.Equal(first.Header.ToByteArray(), germany.Parts.Inbox.Find(apart.Message.Value)!.Header);
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Outcome == DeliveryOutcome.Delivered);
        await germany.SeesAsync<GatewayEvent.ReceiptRefused>(); // the real node never delivered that header
        Assert.Equal(2, receipts.Select(r => r.Signed).Distinct().Count());
    }

    [Fact]
    public async Task A_receipt_that_nobody_answered_goes_again_on_the_next_stream_with_the_same_bytes()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("DE");
        var receipts = Receipts(between, pass: number => number > 1);
        var germany = await house.AttendAsync("DE", node: between.Address);
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        await germany.SeesAsync<GatewayEvent.Received>();
        while (between.Passed is { } next && receipts.IsEmpty) await next.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        between.CutAttendances();

        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>();
        Assert.True(receipts.Count >= 2);
        Assert.Single(receipts.Select(r => r.Signed).Distinct());
        Assert.Equal(1, await house.Node.CountAsync("delivery.delivered.v1"));
        Assert.Equal(1, germany.Parts.Inbox.Count().Shown);
    }

    [Fact]
    public async Task An_opening_is_receipted_once_and_also_when_the_node_was_away()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var envelope = house["FR"].Compose(house["DE"]);
        var germany = await house.AttendAsync("DE");
        await house["FR"].SubmitAsync(envelope);
        var id = (await germany.SeesAsync<GatewayEvent.ReceiptRecorded>()).Message;
        await germany.DisposeAsync();
        await using (var alone = await house.StartAsync("DE", node: new Uri("https://127.0.0.1:1")))
        {
            var first = (await alone.Host.OpenAsync(id, "officer-1", Cancel))!;
            var second = (await alone.Host.OpenAsync(id, "officer-2", Cancel))!;

            Assert.Equal((true, false, "Bonjour"), (first.First, second.First, second.Content.Text));
        }
        await using var again = await house.AttendAsync("DE");

        await again.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Outcome == DeliveryOutcome.Opened);

        Assert.Equal(1, await house.Node.CountAsync("delivery.opened.v1"));
        ReceiptBuilding.TryRead(again.Parts.Receipts.Find(id.Value, ReceiptKind.Opened)!.Signed, DeliveryReceipt.Parser, out _, out var receipt, out _);
        Assert.Equal(("officer-1", DeliveryOutcome.Opened, "DE"), (receipt!.Officer, receipt.Outcome, receipt.Recipient));
        await Assert.ThrowsAsync<ArgumentException>(() => again.Host.OpenAsync(id, "Jean\u0007", Cancel));
    }

    [Fact]
    public async Task An_opening_before_the_node_has_recorded_the_delivery_waits_for_that()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("DE");
        var recorded = false;
        var early = 0;
        between.ToGateway = frame =>
        {
            recorded |= frame.Recorded is not null;
            return [frame];
        };
        var receipts = Receipts(between, pass: number => number > 1);
        var germany = await house.AttendAsync("DE", node: between.Address);
        var pass = between.FromGateway;
        between.FromGateway = frame =>
        {
            if (frame.Receipt is { } receipt && OutcomeOf(receipt) == DeliveryOutcome.Opened && !Volatile.Read(ref recorded)) Interlocked.Increment(ref early);
            return pass(frame);
        };
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        var id = (await germany.SeesAsync<GatewayEvent.Received>()).Message;
        while (between.Passed is { } next && receipts.IsEmpty) await next.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        await germany.Host.OpenAsync(id, "officer-1", Cancel);
        between.CutAttendances();

        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Outcome == DeliveryOutcome.Opened);
        Assert.Equal(0, early);
        Assert.Empty(germany.Seen.OfType<GatewayEvent.ReceiptRefused>());
    }

    [Fact]
    public async Task Receipts_that_the_node_could_not_record_wait_together_and_not_one_after_the_other()
    {
        const int count = 12;
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("DE");
        var (receipts, refused, pause) = (Receipts(between), new HashSet<string>(), TimeSpan.FromSeconds(2));
        long first = 0;
        between.ToGateway = frame =>
        {
            if (frame.Recorded is not { } recorded || !refused.Add(recorded.DeliveryId)) return [frame];
            if (refused.Count == 1) first = TimeProvider.System.GetTimestamp();
            var away = new Refusal { Reason = Reasons.StoreUnavailable, RetryAfter = pause.ToDuration() };
            return [new ToGateway { ReceiptRefused = new ReceiptRefused { DeliveryId = recorded.DeliveryId, Refusal = away } }];
        };
        var germany = await house.AttendAsync("DE", node: between.Address);
        for (var i = 0; i < count; i++) await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));

        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(count);

        Assert.Equal((count, 2 * count), (refused.Count, receipts.Count));
        Assert.True(TimeProvider.System.GetElapsedTime(first) < pause * (count / 2), "Each waited for the one before.");
    }

    private static DeliveryOutcome OutcomeOf(Receipt receipt) =>
        ReceiptBuilding.TryRead(receipt.Signed.Memory, DeliveryReceipt.Parser, out _, out var read, out _) ? read.Outcome : default;

    private static ConcurrentQueue<Receipt> Receipts(FalseNode node, Func<int, bool>? pass = null)
    {
        var receipts = new ConcurrentQueue<Receipt>();
        node.FromGateway = frame =>
        {
            if (frame.Receipt is not { } receipt) return true;
            receipts.Enqueue(receipt);
            return pass?.Invoke(receipts.Count) ?? true;
        };
        return receipts;
    }
}
