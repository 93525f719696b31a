using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Node.Carrying;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Hosting;

// The heap is the whole process's: a test beside this one would be measured with it.
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    private const int Bad = 10_000;
    private const long MostMore = 32 << 20;

    [Fact]
    public async Task Ten_thousand_bad_submissions_cost_no_memory()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var good = house["FR"].Compose(house["DE"]);
        await SendAsync(house["FR"], good, 200);
        var before = Settled();

        await SendAsync(house["FR"], good, Bad);

        Assert.InRange(Settled() - before, long.MinValue, MostMore);
        Assert.Equal(0, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task A_carry_file_holds_nothing_of_its_deliveries_in_memory()
    {
        const int Messages = 1_500;
        await using var house = await House.OpenAsync("FR", "DE");
        await Parallel.ForAsync(0, Messages, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) => await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"])));
        var deliveries = house.Node.Services.GetRequiredService<CarriedDeliveries>();
        using var content = new CarryContent(Stream.Null);
        await using var presented = new CarriedAttempts(Stream.Null) { At = house.Clock.GetUtcNow() };
        var end = await house.Log.EndAsync(TestContext.Current.CancellationToken);
        var before = Settled();

        var kept = await deliveries.AddAsync(content, presented, new CarryOutRequest { Bureau = "DE" }, end, TestContext.Current.CancellationToken);

        // A delivery that is kept with its acceptance has more than 2 KiB.
        Assert.InRange(Settled() - before, long.MinValue, Messages * 1024L);
        Assert.Equal(((ulong)Messages, 0ul), (presented.Count, kept.Left));
    }

    private static long Settled()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    // Random bytes, an altered signature and a foreign body in turn; each is another check that says no.
    private static async Task SendAsync(Party party, Envelope good, int count)
    {
        var altered = good.Header.ToByteArray();
        altered[^1] ^= 1;
        Envelope[] bad =
        [
            new() { Header = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(2048)), Body = good.Body },
            new() { Header = ByteString.CopyFrom(altered), Body = good.Body },
            new() { Header = good.Header, Body = ByteString.CopyFromUtf8("another") },
        ];
        string[] reasons = [Reasons.Malformed, Reasons.BadSignature, Reasons.BodyMismatch];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => party.SubmitAsync(bad[i % 3]));
            Assert.Equal(reasons[i % 3], Refused.Read(failure).Reason);
        });
    }
}
