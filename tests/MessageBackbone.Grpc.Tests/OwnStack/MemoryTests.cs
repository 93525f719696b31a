using System.IO.Compression;
using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

/// <summary>
/// What bad input costs in memory. The heap is the whole process's, so nothing runs beside these:
/// a large array of another test would be counted as a leak of the server.
/// </summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests
{
    private const int Allowed = 32 * 1024 * 1024;
    private const int Calls = 10_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_bad_calls_leave_no_memory_behind()
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.RawClient();

        var held = await HeldAfterAsync(() => BadCallsAsync(server, client, Calls), warmUp: () => BadCallsAsync(server, client, 1_000));

        Assert.InRange(held, long.MinValue, Allowed);
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task The_measurement_sees_four_kibibytes_kept_for_each_call()
    {
        List<byte[]> kept = [];

        var held = await HeldAfterAsync(Keep, warmUp: () => Task.CompletedTask);

        Assert.InRange(held, Allowed, 2 * Allowed);
        Assert.Equal(Calls, kept.Count);

        Task Keep()
        {
            for (var i = 0; i < Calls; i++)
                kept.Add(new byte[4 * 1024]);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_gzip_bomb_is_refused_without_the_memory_that_it_asks_for()
    {
        await using var server = await TestServer.StartAsync(options => options.MaxReceiveMessageSize = 1024 * 1024);
        using var client = server.RawClient();
        var bomb = Raw.Frame(ZippedZeros(mebibytes: 500), flag: 1);
        Assert.True(bomb.Length < 1024 * 1024);
        var before = GC.GetTotalAllocatedBytes(precise: true);

        using var response = await client.SendAsync(Raw.Request(server, "Unary", bomb, ("grpc-encoding", "gzip")), Cancel);

        Assert.Equal("8", await Raw.StatusOfAsync(response, Cancel));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 8 * 1024 * 1024);
        Assert.Empty(server.Errors);
    }

    // How much more is reachable afterwards; finalizers have run on both sides of the comparison.
    private static async Task<long> HeldAfterAsync(Func<Task> act, Func<Task> warmUp)
    {
        await warmUp();
        var before = Reachable();
        await act();
        return Reachable() - before;
    }

    private static long Reachable()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static async Task BadCallsAsync(TestServer server, HttpMessageInvoker client, int count)
    {
        var bodies = new[] { Raw.Frame([1, 2, 3], length: uint.MaxValue), Raw.Frame([0xFF, 0xFF]), [0, 0], Raw.Frame(new EchoRequest(), flag: 1) };
        var manyAtOnce = new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Cancel };
        await Parallel.ForEachAsync(Enumerable.Range(0, count), manyAtOnce, async (i, token) =>
        {
            using var response = await client.SendAsync(Raw.Request(server, "Unary", bodies[i % bodies.Length]), token);
            Assert.NotEqual("0", await Raw.StatusOfAsync(response, token));
        });
    }

    // Written piece by piece: the test itself holds no more than what it sends.
    private static byte[] ZippedZeros(int mebibytes)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.SmallestSize))
        {
            var zeros = new byte[1024 * 1024];
            for (var i = 0; i < mebibytes; i++)
                gzip.Write(zeros);
        }

        return target.ToArray();
    }
}
