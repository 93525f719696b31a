using Grpc.Core;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Hosting;

public sealed class StoppingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_that_stops_ends_open_streams_with_DRAINING_and_does_not_wait_for_them()
    {
        await using var house = await House.OpenAsync("FR");
        using var watch = house["FR"].Directory.WatchDirectory(new WatchDirectoryRequest(), cancellationToken: Cancel);
        while (await watch.ResponseStream.MoveNext(Cancel) && !watch.ResponseStream.Current.CaughtUp) Assert.NotNull(watch.ResponseStream.Current);
        using var many = house["FR"].Exchange.SubmitMany(cancellationToken: Cancel);
        await many.RequestStream.WriteAsync(new SubmitRequest { Envelope = house["FR"].Compose(house["FR"]) }, Cancel);
        Assert.True(await many.ResponseStream.MoveNext(Cancel));

        await house.Node.StopAsync().WaitAsync(TimeSpan.FromSeconds(10), Cancel);

        foreach (var ended in (Task[])[watch.ResponseStream.MoveNext(Cancel), many.ResponseStream.MoveNext(Cancel)])
            Assert.NotNull((await Refused.ForAsync(Reasons.Draining, () => ended)).RetryAfter);
    }
}
