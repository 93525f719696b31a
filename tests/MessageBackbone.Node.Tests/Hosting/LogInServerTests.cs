using Grpc.Core;
using MessageBackbone.EventStoreStandIn;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Hosting;

/// <summary>A node whose event log is in an EventStoreDB that goes away and comes back.</summary>
public sealed class LogInServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task While_the_server_is_away_nothing_is_answered_for_and_afterwards_all_goes_on_by_itself()
    {
        await using var server = await StandIn.StartAsync();
        await using var house = await House.OpenAsync(options => options.EventStore = server.ConnectionString, "FR", "DE");
        Assert.Equal("eventstoredb", house.Log.Kind);
        var (before, during) = (house["FR"].Compose(house["DE"]), house["FR"].Compose(house["DE"]));
        var receipt = house["FR"].ReceiptOf(await house["FR"].SubmitAsync(before));
        using (var attending = await Attending.OpenAsync(house, "DE")) await attending.RecordAsync(await attending.DeliveryAsync());

        // The plan has heard of the receipt: else the delivery is presented once more when the server is back, as it may be.
        await house.Node.Services.GetRequiredService<Planner>().WaitForAsync(await house.Log.EndAsync(Cancel), Cancel);

        await server.StopAsync();
        await Refused.ForAsync(Reasons.StoreUnavailable, () => house["FR"].SubmitAsync(during));
        await using var again = await StandIn.StartAsync(new() { Port = server.Port, Store = server.Store });
        var late = house["FR"].ReceiptOf(await UntilAcceptedAsync(house["FR"], during));
        house.Logs.Forget();

        Assert.Equal(receipt, house["FR"].ReceiptOf(await house["FR"].SubmitAsync(before)));
        Assert.Equal(late, house["FR"].ReceiptOf(await house["FR"].SubmitAsync(during)));
        Assert.Equal(2, await house.CountAsync("message.accepted.v1"));
        using var after = await Attending.OpenAsync(house, "DE");
        var delivery = await after.DeliveryAsync();
        Assert.Equal(during, delivery.Envelope);
        await after.RecordAsync(delivery);
        Assert.Equal(2, await house.CountAsync("delivery.delivered.v1"));
    }

    // As a gateway does: the same bytes again, until they are answered for.
    private static async Task<SubmitReply> UntilAcceptedAsync(Party sender, Envelope envelope)
    {
        while (true)
        {
            try
            {
                return await sender.SubmitAsync(envelope);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
            }
        }
    }
}
