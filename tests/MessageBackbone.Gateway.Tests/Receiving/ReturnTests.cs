using System.Collections.Concurrent;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Receiving;

/// <summary>A gateway that was away for days: everything waits for it, and its window bounds what comes.</summary>
public sealed class ReturnTests
{
    [Fact]
    public async Task A_gateway_that_was_away_gets_everything_within_its_window_and_the_most_urgent_first()
    {
        const int Each = 40;
        const int Window = 4;
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var sent = new List<string>();
        foreach (var precedence in new[] { Precedence.Routine, Precedence.Priority, Precedence.Immediate, Precedence.Flash })
            for (var i = 0; i < Each; i++)
                sent.Add(house["FR"].ReceiptOf(await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"], header => header.Precedence = precedence))).MessageId);
        var between = await house.StandBetweenAsync("DE");
        house.Node.Clock.Advance(TimeSpan.FromDays(5));
        var (came, open, most) = (new ConcurrentQueue<Precedence>(), new Dictionary<Precedence, int>(), new Dictionary<Precedence, int>());
        var level = new ConcurrentDictionary<string, Precedence>();
        between.ToGateway = frame =>
        {
            if (frame.Delivery is { } delivery)
            {
                var precedence = level[delivery.DeliveryId] = house["FR"].HeaderOf(delivery.Envelope).Precedence;
                came.Enqueue(precedence);
                open[precedence] = open.GetValueOrDefault(precedence) + 1;
                most[precedence] = Math.Max(most.GetValueOrDefault(precedence), open[precedence]);
            }
            else if (frame.Recorded is { } recorded)
            {
                open[level[recorded.DeliveryId]]--;
            }
            return [frame];
        };

        var germany = await house.StartAsync(
            "DE", o => (o.WindowRoutine, o.WindowPriority, o.WindowImmediate, o.WindowFlash) = (Window, Window, Window, Each), between.Address);
        foreach (var id in sent) await germany.ReceivesAsync(id);

        Assert.Equal(sent.Count, germany.Seen.OfType<GatewayEvent.Received>().Count(received => !received.Repeated));
        Assert.Equal(4, most.Count);
        Assert.All(most, held => Assert.InRange(held.Value, 1, held.Key == Precedence.Flash ? Each : Window));
        // The lanes open together, and what is ready goes. From there on FLASH, whose window holds them all, waits for nobody, and the others take turns of
        // their windows. With four windows of one size all four would wait for the gateway alike, and which is through first would be chance (seen).
        var order = came.ToList();
        Assert.InRange(order.IndexOf(Precedence.Flash), 0, 3 * Window);
        Assert.True(order.LastIndexOf(Precedence.Flash) < order.LastIndexOf(Precedence.Routine), "ROUTINE was not to be through before the last FLASH came.");
    }
}
