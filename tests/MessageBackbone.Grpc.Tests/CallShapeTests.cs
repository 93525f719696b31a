using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

public sealed class CallShapeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_unary_call_brings_its_message_back_over_h2c_and_tls(bool tls)
    {
        await using var server = await TestServer.StartAsync(tls: tls);

        var reply = await server.Client().UnaryAsync(new EchoRequest { Text = "Grüße" }, cancellationToken: Cancel);

        Assert.Equal("Grüße", reply.Text);
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task A_client_stream_is_counted_to_its_end()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Client().Collect(cancellationToken: Cancel);

        for (var i = 0; i < 100; i++)
            await call.RequestStream.WriteAsync(new EchoRequest { Text = $"{i}" }, Cancel);
        await call.RequestStream.CompleteAsync();

        Assert.Equal(100, (await call).Count);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task A_server_stream_arrives_whole_and_in_order()
    {
        await using var server = await TestServer.StartAsync();
        using var call = server.Client().Spread(new EchoRequest { Count = 1000, Text = "n" }, cancellationToken: Cancel);

        var seen = new List<int>();
        await foreach (var reply in call.ResponseStream.ReadAllAsync(Cancel))
            seen.Add(reply.Count);

        Assert.Equal(Enumerable.Range(0, 1000), seen);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Empty(server.Errors);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_duplex_call_answers_each_message_before_the_next_is_sent(bool tls)
    {
        await using var server = await TestServer.StartAsync(tls: tls);
        using var call = server.Client().Duplex(cancellationToken: Cancel);

        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new EchoRequest { Text = $"{i}" }, Cancel);
            Assert.True(await call.ResponseStream.MoveNext(Cancel));
            Assert.Equal($"{i}", call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Cancel));
        Assert.Empty(server.Errors);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16_384)]
    [InlineData(1_000_000)]
    [InlineData(4_000_000)]
    public async Task A_message_of_any_size_below_the_limit_comes_back_unchanged(int size)
    {
        await using var server = await TestServer.StartAsync();
        var body = new byte[size];
        new Random(size).NextBytes(body);

        var reply = await server.Client().UnaryAsync(new EchoRequest { Body = ByteString.CopyFrom(body) }, cancellationToken: Cancel);

        Assert.True(reply.Body.Span.SequenceEqual(body));
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task The_server_may_end_a_duplex_call_while_the_client_still_writes()
    {
        await using var server = await TestServer.StartAsync();
        server.Behaviour.Duplex = (_, _, _) => throw new RpcException(new Status(StatusCode.Aborted, "superseded"));
        using var call = server.Client().Duplex(cancellationToken: Cancel);

        var ended = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancel));

        Assert.Equal(StatusCode.Aborted, ended.StatusCode);
        Assert.Equal("superseded", ended.Status.Detail);
        var write = await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(new EchoRequest(), Cancel));
        Assert.Equal(StatusCode.Aborted, write.StatusCode);
        Assert.Empty(server.Errors);
    }
}
