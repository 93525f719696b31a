using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Conformance.Proto;

namespace MessageBackbone.Conformance;

/// <summary>Our client on Python's server: shapes, sizes, metadata, compression.</summary>
public abstract partial class OurClientCallTests(PythonServer python)
{
    private const int Limit = 4 * 1024 * 1024;
    private const string AnyScript = "100 % sûr: 日本語 🚓\r\n\tend";

    private static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_unary_call_is_echoed()
    {
        var reply = await python.Client().UnaryAsync(new Request { Text = AnyScript, Body = ByteString.CopyFrom(EveryByte) }, cancellationToken: Cancel);

        Assert.Equal(AnyScript, reply.Text);
        Assert.Equal(EveryByte, reply.Body.ToByteArray());
    }

    [Fact]
    public async Task A_stream_of_requests_is_collected()
    {
        using var call = python.Client().Collect(cancellationToken: Cancel);
        for (var i = 0; i < 100; i++)
            await call.RequestStream.WriteAsync(new Request { Text = $"{i}" }, Cancel);
        await call.RequestStream.CompleteAsync();

        var reply = await call;

        Assert.Equal((100, string.Concat(Enumerable.Range(0, 100))), (reply.Count, reply.Text));
    }

    [Fact]
    public async Task A_stream_of_replies_arrives_in_order()
    {
        using var call = python.Client().Spread(new Request { Text = "x", Count = 1000 }, cancellationToken: Cancel);

        var counts = await call.ResponseStream.ReadAllAsync(Cancel).Select(r => r.Count).ToListAsync(Cancel);

        Assert.Equal(Enumerable.Range(0, 1000), counts);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task A_duplex_stream_answers_each_message_before_the_next_is_sent()
    {
        using var call = python.Client().Duplex(cancellationToken: Cancel);
        for (var i = 0; i < 50; i++)
        {
            await call.RequestStream.WriteAsync(new Request { Text = $"{i}" }, Cancel);
            Assert.True(await call.ResponseStream.MoveNext(Cancel));
            Assert.Equal($"{i}", call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Cancel));
    }

    [Fact]
    public async Task Messages_and_streams_may_be_empty()
    {
        var client = python.Client();
        using var collect = client.Collect(cancellationToken: Cancel);
        using var duplex = client.Duplex(cancellationToken: Cancel);
        using var spread = client.Spread(new Request(), cancellationToken: Cancel);
        await collect.RequestStream.CompleteAsync();
        await duplex.RequestStream.WriteAsync(new Request(), Cancel);
        await duplex.RequestStream.CompleteAsync();

        Assert.Empty((await client.UnaryAsync(new Request(), cancellationToken: Cancel)).Body);
        Assert.Equal(0, (await collect).Count);
        Assert.False(await spread.ResponseStream.MoveNext(Cancel));
        Assert.Single(await duplex.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel));
    }

    [Theory]
    [InlineData(1024 * 1024)]
    [InlineData(3_900_000)]
    public async Task Large_messages_travel_both_ways(int size)
    {
        var body = new byte[size];
        new Random(size).NextBytes(body);
        using var spread = python.Client().Spread(new Request { Count = 4, ReplySize = size }, cancellationToken: Cancel);

        var reply = await python.Client().UnaryAsync(new Request { Body = ByteString.CopyFrom(body) }, cancellationToken: Cancel);

        Assert.Equal(body, reply.Body.ToByteArray());
        Assert.All(await spread.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel), r => Assert.Equal(size, r.Body.Length));
    }

    [Fact]
    public async Task A_request_over_the_limit_of_the_server_is_RESOURCE_EXHAUSTED()
    {
        var client = python.Client();

        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryAsync(new Request { Body = ByteString.CopyFrom(new byte[3 * Limit]) }, cancellationToken: Cancel));

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal("still there", (await client.UnaryAsync(new Request { Text = "still there" }, cancellationToken: Cancel)).Text);
    }

    [Fact]
    public async Task A_reply_over_the_limit_of_the_client_is_RESOURCE_EXHAUSTED()
    {
        var large = new Request { ReplySize = Limit + 1 };

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await python.Client().UnaryAsync(large, cancellationToken: Cancel));
        var reply = await python.Client(options => options.MaxReceiveMessageSize = 2 * Limit).UnaryAsync(large, cancellationToken: Cancel);

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Equal(Limit + 1, reply.Body.Length);
    }

    [Fact]
    public async Task Text_metadata_comes_back_as_initial_and_trailing()
    {
        using var call = python.Client().UnaryAsync(
            new Request(),
            new Metadata { { "initial-a", "1" }, { "initial-a", "2" }, { "initial-b", "a, b = c; %41" }, { "trailing-a", "3" }, { "trailing-b", "in  ner" } },
            cancellationToken: Cancel);
        await call;

        var headers = await call.ResponseHeadersAsync;

        Assert.Equal("1,2", string.Join(',', headers.GetAll("initial-a").Select(e => e.Value)).Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("a, b = c; %41", headers.GetValue("initial-b"));
        Assert.Equal("3", call.GetTrailers().GetValue("trailing-a"));
        Assert.Equal("in  ner", call.GetTrailers().GetValue("trailing-b"));
    }

    [Fact]
    public async Task Binary_metadata_comes_back_as_initial_and_trailing()
    {
        var sent = new Metadata { { "initial-bin", EveryByte }, { "trailing-bin", [0, 255] }, { "trailing-none-bin", [] } };
        foreach (var length in new[] { 1, 2, 3, 4 })
            sent.Add($"initial-{length}-bin", EveryByte[^length..]);
        using var call = python.Client().Spread(new Request { Count = 1 }, sent, cancellationToken: Cancel);
        await call.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel);

        var headers = await call.ResponseHeadersAsync;

        Assert.Equal(EveryByte, headers.GetValueBytes("initial-bin"));
        Assert.All(new[] { 1, 2, 3, 4 }, length => Assert.Equal(EveryByte[^length..], headers.GetValueBytes($"initial-{length}-bin")));
        Assert.Equal([0, 255], call.GetTrailers().GetValueBytes("trailing-bin")!);
        Assert.Equal([], call.GetTrailers().GetValueBytes("trailing-none-bin")!);
    }

    [Fact]
    public async Task Initial_metadata_arrives_before_the_first_message()
    {
        using var call = python.Client().Spread(new Request { Act = Act.Wait }, new Metadata { { "initial-x", "now" } }, cancellationToken: Cancel);

        Assert.Equal("now", (await call.ResponseHeadersAsync).GetValue("initial-x"));
    }

    [Fact]
    public async Task Gzip_goes_both_ways()
    {
        var watch = new WireWatch();
        var client = new Proto.Conformance.ConformanceClient(python.Channel(watch));
        var gzip = new Metadata { { "grpc-internal-encoding-request", "gzip" } };
        var body = ByteString.CopyFrom(new byte[1024 * 1024]);
        using var duplex = client.Duplex(gzip, cancellationToken: Cancel);

        var reply = await client.UnaryAsync(new Request { Body = body }, gzip, cancellationToken: Cancel);
        await duplex.RequestStream.WriteAsync(new Request { Body = body }, Cancel);
        await duplex.RequestStream.CompleteAsync();
        var streamed = await duplex.ResponseStream.ReadAllAsync(Cancel).ToListAsync(Cancel);

        Assert.Equal(body, reply.Body);
        Assert.Equal(body, Assert.Single(streamed).Body);
        // Had one of the four messages of 1 MiB of zeros gone plain, it would show.
        Assert.InRange(watch.Sent, 1, 512 * 1024);
        Assert.InRange(watch.Received, 1, 512 * 1024);
    }

    [Fact]
    public async Task Many_calls_and_streams_run_at_once()
    {
        var client = python.Client();
        var calls = Enumerable.Range(0, 500).Select(i => client.UnaryAsync(new Request { Text = $"{i}" }, cancellationToken: Cancel).ResponseAsync).ToList();
        var streams = Enumerable.Range(0, 90).Select(_ => client.Duplex(cancellationToken: Cancel)).ToList();
        for (var round = 0; round < 3; round++)
        {
            await Task.WhenAll(streams.Select((s, i) => s.RequestStream.WriteAsync(new Request { Text = $"{i}/{round}" }, Cancel)));
            Assert.All(await Task.WhenAll(streams.Select(s => s.ResponseStream.MoveNext(Cancel))), Assert.True);
            Assert.Equal(Enumerable.Range(0, 90).Select(i => $"{i}/{round}"), streams.Select(s => s.ResponseStream.Current.Text));
        }

        await Task.WhenAll(streams.Select(s => s.RequestStream.CompleteAsync()));
        Assert.All(await Task.WhenAll(streams.Select(s => s.ResponseStream.MoveNext(Cancel))), Assert.False);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"{i}"), (await Task.WhenAll(calls)).Select(r => r.Text));
    }
}

public sealed class OurClientCallsOverCleartext(PythonServerOverCleartext python) : OurClientCallTests(python), IClassFixture<PythonServerOverCleartext>;

public sealed class OurClientCallsOverTls(PythonServerOverTls python) : OurClientCallTests(python), IClassFixture<PythonServerOverTls>
{
    private readonly PythonServerOverTls python = python;

    [Fact]
    public async Task The_server_knows_the_certificate_of_the_client()
    {
        var reply = await python.Client().UnaryAsync(new Request(), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("client.example", reply.Peer);
    }
}
