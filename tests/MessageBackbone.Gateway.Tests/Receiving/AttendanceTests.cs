using System.Net;
using Grpc.Core;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Receiving;

/// <summary>One attendance after the other: order, large bodies, and nodes that come, go and misbehave.</summary>
public sealed class AttendanceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Within_a_precedence_the_inbox_has_the_order_of_the_log_and_a_large_body_is_fetched()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (france, german) = (house["FR"], house["DE"]);
        var ids = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            france.Content = new SealedContent { Text = i % 4 == 0 ? new string('x', 200_000) : $"message {i}" };
            var envelope = france.Compose(german, header => header.Precedence = i % 2 == 0 ? Precedence.Routine : Precedence.Flash);
            ids.Add(france.HeaderOf(envelope).MessageId);
            await france.SubmitAsync(envelope);
        }

        var germany = await house.AttendAsync("DE");
        var received = await germany.SeesAsync<GatewayEvent.Received>(12);

        Assert.All(received, r => Assert.Equal(DeliveryOutcome.Delivered, r.Outcome));
        foreach (var precedence in (Precedence[])[Precedence.Routine, Precedence.Flash])
            Assert.Equal([1UL, 2, 3, 4, 5, 6], received.Where(r => r.Precedence == precedence).Select(r => r.Sequence));
        var rows = germany.Parts.Inbox.List(new InboxQuery(NewestFirst: true));
        Assert.Equal(ids.Where((_, i) => i % 2 == 0), rows.Where(r => r.Precedence == (int)Precedence.Routine).OrderBy(r => r.Row).Select(r => r.MessageId));
        var large = await germany.Host.OpenAsync(MessageId.Parse(ids[0]), "officer-1", Cancel);
        Assert.Equal(200_000, large!.Content.Text.Length);
    }

    [Fact]
    public async Task A_FLASH_is_shown_while_no_ROUTINE_body_comes()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("DE");
        var (endless, asked, allAsked) = (new TaskCompletionSource(), 0, new TaskCompletionSource());
        between.Download = (_, _, _) =>
        {
            if (Interlocked.Increment(ref asked) == 4) allAsked.SetResult();
            return endless.Task;
        };
        var germany = await house.AttendAsync("DE", node: between.Address);
        house["FR"].Content = new SealedContent { Text = new string('x', 200_000) };
        for (var i = 0; i < 6; i++) await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = Precedence.Routine));
        await allAsked.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel); // no more are fetched at a time
        between.Download = null;

        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = Precedence.Flash)); // as large as they are

        Assert.Equal((Precedence.Flash, DeliveryOutcome.Delivered), await FirstShownAsync(germany));
        endless.SetResult();
        await germany.SeesAsync<GatewayEvent.Received>(7);
    }

    [Fact]
    public async Task A_node_that_was_restarted_is_attended_again_and_nothing_is_missing()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));
        await germany.ReceivesAsync(await france.SendAsync("DE"));
        house.Node.Options.Listen = new IPEndPoint(IPAddress.Loopback, house.Node.Node.GrpcAddress.Port).ToString();

        await house.Node.Node.StopAsync();
        await germany.SeesAsync<GatewayEvent.Attendance>(a => !a.Attending);
        var meanwhile = await france.SendAsync("DE");
        await house.Node.RestartAsync();

        await germany.SeesAsync<GatewayEvent.Attendance>(2, a => a.Attending);
        await france.AcceptedAsync(meanwhile);
        Assert.Equal(DeliveryOutcome.Delivered, (await germany.ReceivesAsync(meanwhile)).Outcome);
    }

    [Fact]
    public async Task A_gateway_that_was_superseded_waits_long_before_it_comes_back()
    {
        await using var house = await GatewayHouse.OpenAsync("DE");
        var clock = new WatchedClock(TimeSpan.FromMinutes(7));
        var first = await house.AttendAsync("DE", o => o.SupersededPause = TimeSpan.FromMinutes(7), clock: clock);

        await house.AttendAsync("DE", o => o.DataFolder = Path.Combine(house.Node.Folder, "second"));

        var end = await first.SeesAsync<GatewayEvent.Attendance>(a => !a.Attending);
        Assert.Equal(Reasons.Superseded, end.Reason);
        await clock.Asked.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public async Task A_node_that_never_says_Welcome_is_left_after_a_while()
    {
        await using var house = await GatewayHouse.OpenAsync("DE");
        var between = await house.StandBetweenAsync("DE");
        between.Attend = async (requests, _, context) =>
        {
            while (await requests.MoveNext(context.CancellationToken)) await Task.Yield();
        };

        var germany = await house.StartAsync("DE", o => o.WelcomeWithin = TimeSpan.FromMilliseconds(100), between.Address);

        var ends = await germany.SeesAsync<GatewayEvent.Attendance>(2, a => !a.Attending);
        Assert.All(ends, end => Assert.Equal("NO_WELCOME", end.Reason));
    }

    [Fact]
    public async Task A_node_whose_first_frame_is_no_Welcome_is_left()
    {
        await using var house = await GatewayHouse.OpenAsync("DE");
        var between = await house.StandBetweenAsync("DE");
        between.Attend = async (requests, responses, context) =>
        {
            // Ended before Hello was written, the call would break instead of telling its reason.
            await requests.MoveNext(context.CancellationToken);
            await responses.WriteAsync(new ToGateway { Recorded = new Recorded { DeliveryId = "r-1", Position = 1 } }, context.CancellationToken);
        };

        var germany = await house.StartAsync("DE", node: between.Address);

        Assert.Equal("FailedPrecondition", (await germany.SeesAsync<GatewayEvent.Attendance>()).Reason);
    }

    [Fact]
    public async Task A_node_that_welcomes_and_ends_at_once_is_asked_ever_more_seldom()
    {
        await using var house = await GatewayHouse.OpenAsync("DE");
        var between = await house.StandBetweenAsync("DE");
        between.Attend = (_, responses, context) => responses.WriteAsync(Welcome(), context.CancellationToken);

        var germany = await house.StartAsync("DE", o => (o.ReconnectFirst, o.ReconnectMax) = (TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(10)), between.Address);

        await germany.SeesAsync<GatewayEvent.Attendance>(5, a => !a.Attending);
        var pauses = house.Logs.Lines.Where(line => line.Event.Id == 41).Select(line => Milliseconds(line.Text)).ToList();
        Assert.True(pauses[4] >= 160, $"The fifth pause is {pauses[4]} ms: half of 20 ms doubled four times is the least.");
    }

    [Fact]
    public async Task A_node_that_goes_beyond_the_window_is_left()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("DE");
        var endless = new TaskCompletionSource();
        between.Download = (_, _, _) => endless.Task;
        between.Attend = async (_, responses, context) =>
        {
            await responses.WriteAsync(Welcome(), context.CancellationToken);
            for (var i = 0; i < 9; i++) await responses.WriteAsync(WithoutBody(house), context.CancellationToken);
            await endless.Task;
        };

        var germany = await house.StartAsync(
            "DE", o => o.WindowRoutine = o.WindowPriority = o.WindowImmediate = o.WindowFlash = 1, between.Address); // 8 with what crosses on the way

        var end = await germany.SeesAsync<GatewayEvent.Attendance>(a => !a.Attending);
        endless.SetResult();
        Assert.Equal("ResourceExhausted", end.Reason);
        Assert.Empty(germany.Seen.OfType<GatewayEvent.Received>());
    }

    [Fact]
    public async Task A_node_that_delivers_on_and_answers_no_receipt_is_left()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var between = await house.StandBetweenAsync("DE");
        var (delivery, receipts) = (new ToGateway { Delivery = new Delivery { Envelope = house["FR"].Compose(house["DE"]) } }, 0);
        between.Attend = async (requests, responses, context) =>
        {
            await responses.WriteAsync(Welcome(), context.CancellationToken);
            while (receipts < 100)
            {
                delivery.Delivery.DeliveryId = $"d-{receipts}";
                await responses.WriteAsync(delivery, context.CancellationToken);
                while (await requests.MoveNext(context.CancellationToken) && requests.Current.Receipt?.DeliveryId != delivery.Delivery.DeliveryId) continue;
                receipts++;
            }
        };

        var germany = await house.StartAsync(
            "DE", o => o.WindowRoutine = o.WindowPriority = o.WindowImmediate = o.WindowFlash = 1, between.Address); // 8 with what crosses on the way

        Assert.Equal("ResourceExhausted", (await germany.SeesAsync<GatewayEvent.Attendance>(a => !a.Attending)).Reason);
        Assert.Equal(8, germany.Seen.OfType<GatewayEvent.Received>().Count());
    }

    [Fact]
    public async Task Garbage_in_a_delivery_is_not_receipted_and_holds_up_nothing()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        house.Logs.Expect(line => line.Event.Id == 51);
        var between = await house.StandBetweenAsync("DE");
        between.ToGateway = frame => frame.Delivery is null ? [frame] : [Garbage(frame), frame];
        var germany = await house.AttendAsync("DE", node: between.Address);

        // In the lane where what cannot be read waits: so it was looked at before.
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = Precedence.Routine));

        Assert.Equal(DeliveryOutcome.Delivered, (await germany.SeesAsync<GatewayEvent.Received>()).Outcome);
        Assert.Contains(house.Logs.Lines, line => line.Event.Id == 51);
    }

    [Fact]
    public async Task Garbage_that_was_given_up_takes_no_place_of_the_window()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        house.Logs.Expect(line => line.Event.Id == 51);
        var between = await house.StandBetweenAsync("DE");
        between.ToGateway = frame => frame.Delivery is null ? [frame] : [Garbage(frame), frame];
        var germany = await house.AttendAsync(
            "DE", o => o.WindowRoutine = o.WindowPriority = o.WindowImmediate = o.WindowFlash = 1, between.Address); // 8 with what crosses on the way

        for (var i = 1; i <= 10; i++)
        {
            await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = Precedence.Routine));
            await germany.SeesAsync<GatewayEvent.Received>(i); // the garbage came before it in its lane
        }

        Assert.Equal(10, house.Logs.Lines.Count(line => line.Event.Id == 51));
        Assert.DoesNotContain(germany.Seen, e => e is GatewayEvent.Attendance { Attending: false });
    }

    [Fact]
    public async Task A_delivery_without_an_envelope_ends_the_stream()
    {
        await using var house = await GatewayHouse.OpenAsync("DE");
        var between = await house.StandBetweenAsync("DE");
        between.ToGateway = frame => frame.Welcome is null ? [frame] : [frame, new ToGateway { Delivery = new Delivery() }];

        var germany = await house.StartAsync("DE", node: between.Address);

        Assert.Equal("ResourceExhausted", (await germany.SeesAsync<GatewayEvent.Attendance>(a => !a.Attending)).Reason);
    }

    private static async Task<(Precedence Precedence, DeliveryOutcome Outcome)> FirstShownAsync(RunningGateway gateway)
    {
        var received = await gateway.SeesAsync<GatewayEvent.Received>();
        return (received.Precedence, received.Outcome);
    }

    private static ToGateway Welcome() => new() { Welcome = new Welcome { Node = "node", House = "HOUSE", Log = "log", Contract = 1 } };

    private static ToGateway Garbage(ToGateway of) =>
        new() { Delivery = new Delivery { DeliveryId = "x", Envelope = new Envelope { Header = of.Delivery.Envelope.Body } } };

    private static ToGateway WithoutBody(GatewayHouse house)
    {
        var envelope = house["FR"].Compose(house["DE"]);
        envelope.Body = Google.Protobuf.ByteString.Empty;
        return new ToGateway { Delivery = new Delivery { DeliveryId = "x", Envelope = envelope } };
    }

    private static double Milliseconds(string line) =>
        double.Parse(line.Split("again in ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
