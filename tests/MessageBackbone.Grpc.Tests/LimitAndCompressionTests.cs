using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

public sealed partial class LimitAndCompressionTests
{
    private const int Limit = 100_000;

    // Tag and length of the bytes field.
    private const int Overhead = 4;

    private static readonly Metadata AskGzip = new() { { "grpc-internal-encoding-request", "gzip" } };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_request_of_exactly_the_limit_passes_and_one_byte_more_does_not() => AssertLimitOfRequestsAsync(gzip: false);

    [Fact]
    public Task A_response_above_the_limit_of_the_client_is_RESOURCE_EXHAUSTED() => AssertLimitOfResponsesAsync(gzip: false);

    private static async Task AssertLimitOfRequestsAsync(bool gzip)
    {
        await using var server = await TestServer.StartAsync(options => options.MaxReceiveMessageSize = Limit);
        var client = server.Client();
        var headers = gzip ? AskGzip : null;

        var reply = await client.UnaryAsync(Zeros(Limit - Overhead), headers, cancellationToken: Cancel);
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryAsync(Zeros(Limit - Overhead + 1), headers, cancellationToken: Cancel));

        Assert.Equal(Limit, reply.CalculateSize());
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Empty(server.Errors);
    }

    private static async Task AssertLimitOfResponsesAsync(bool gzip)
    {
        await using var server = await TestServer.StartAsync(options => options.ResponseCompressionAlgorithm = gzip ? "gzip" : null);
        var client = server.Client(options => options.MaxReceiveMessageSize = Limit);

        var reply = await client.UnaryAsync(Zeros(Limit - Overhead), cancellationToken: Cancel);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(Zeros(Limit), cancellationToken: Cancel));

        Assert.Equal(Limit, reply.CalculateSize());
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
    }

    [Fact]
    public async Task What_is_too_large_to_send_is_refused_before_a_byte_of_it_leaves()
    {
        await using var server = await TestServer.StartAsync(options => options.MaxSendMessageSize = Limit);
        var narrow = server.Client(options => options.MaxSendMessageSize = Limit);

        var ofClient = await Assert.ThrowsAsync<RpcException>(async () => await narrow.UnaryAsync(Zeros(Limit), cancellationToken: Cancel));
        var ofServer = await Assert.ThrowsAsync<RpcException>(async () => await server.Client().UnaryAsync(Zeros(Limit), cancellationToken: Cancel));

        Assert.Equal(StatusCode.ResourceExhausted, ofClient.StatusCode);
        Assert.Equal(StatusCode.ResourceExhausted, ofServer.StatusCode);
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task Streams_compress_both_ways_and_single_messages_may_stay_plain()
    {
        await using var server = await TestServer.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        using var call = server.Client().Duplex(AskGzip, cancellationToken: Cancel);

        foreach (var flags in new[] { default, WriteFlags.NoCompress, default })
        {
            call.RequestStream.WriteOptions = new WriteOptions(flags);
            await call.RequestStream.WriteAsync(Zeros(50_000), Cancel);
            Assert.True(await call.ResponseStream.MoveNext(Cancel));
            Assert.Equal(50_000, call.ResponseStream.Current.Body.Length);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Cancel));
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task A_response_is_plain_for_a_client_that_does_not_accept_gzip()
    {
        await using var server = await TestServer.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        using var client = server.RawClient();

        using var plain = await client.SendAsync(Raw.Request(server, "Unary", Raw.Frame(Zeros(10_000))), Cancel);
        using var gzip = await client.SendAsync(
            Raw.Request(server, "Unary", Raw.Frame(Zeros(10_000)), ("grpc-accept-encoding", "identity, gzip")), Cancel);

        Assert.InRange((await plain.Content.ReadAsByteArrayAsync(Cancel)).Length, 10_000, 10_010);
        Assert.False(plain.Headers.Contains("grpc-encoding"));
        Assert.InRange((await gzip.Content.ReadAsByteArrayAsync(Cancel)).Length, 6, 500);
        Assert.Equal("gzip", gzip.Headers.GetValues("grpc-encoding").Single());
    }

    [Fact]
    public async Task Buffered_writes_arrive_with_the_first_that_is_flushed()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Client().Collect(cancellationToken: Cancel);
        call.RequestStream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
        for (var i = 0; i < 500; i++)
            await call.RequestStream.WriteAsync(Zeros(100), Cancel);
        await call.RequestStream.CompleteAsync();

        Assert.Equal(500, (await call).Count);
    }

    private static EchoRequest Zeros(int size) => new() { Body = ByteString.CopyFrom(new byte[size]) };
}
