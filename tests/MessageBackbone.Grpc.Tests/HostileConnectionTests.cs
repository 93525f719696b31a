using Grpc.Core;
using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

/// <summary>Clients that misbehave on the connection itself.</summary>
public sealed class HostileConnectionTests
{
    private const string Unary = "/test.echo.v1.Echo/Unary";
    private const string Duplex = "/test.echo.v1.Echo/Duplex";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Garbage_in_place_of_a_frame_closes_the_connection_and_nothing_else()
    {
        await using var server = await TestServer.StartAsync();
        using var hostile = await RawHttp2.ConnectAsync(server.Address, Cancel);
        var garbage = new byte[65_536];
        new Random(1).NextBytes(garbage);
        garbage[0] = 0xFF;

        await hostile.WriteGarbageAsync(garbage, Cancel);

        await hostile.UntilAsync(RawHttp2.GoAway, Cancel);
        Assert.Equal("x", (await server.Client().UnaryAsync(new EchoRequest { Text = "x" }, cancellationToken: Cancel)).Text);
        Assert.Empty(server.Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Half_a_message_and_then_a_closed_connection_or_a_reset_frees_the_call(bool reset)
    {
        await using var server = await TestServer.StartAsync();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Behaviour.Duplex = async (requests, _, _) =>
        {
            started.SetResult();
            try
            {
                await requests.MoveNext(CancellationToken.None);
            }
            catch (Exception e)
            {
                ended.SetResult(e);
                throw;
            }
        };
        using var hostile = await RawHttp2.ConnectAsync(server.Address, Cancel);
        await hostile.CallAsync(1, Duplex, 0, Cancel);
        await hostile.SendAsync(RawHttp2.Data, 0, 1, [0, 0, 0, 1, 0, 42], Cancel);
        await started.Task.WaitAsync(Cancel);

        if (reset)
            await hostile.SendAsync(RawHttp2.Reset, 0, 1, [0, 0, 0, 8], Cancel);
        else
            hostile.Dispose();

        await ended.Task.WaitAsync(Cancel);
        await server.StopAsync();
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task A_unary_call_whose_message_never_comes_whole_does_not_start_its_method()
    {
        await using var server = await TestServer.StartAsync();
        var called = false;
        server.Behaviour.Unary = (request, _) =>
        {
            called = true;
            return Task.FromResult(EchoService.Reply(request));
        };
        using (var hostile = await RawHttp2.ConnectAsync(server.Address, Cancel))
        {
            await hostile.CallAsync(1, Unary, 0, Cancel);
            await hostile.SendAsync(RawHttp2.Data, 0, 1, [0, 0, 0, 1, 0, 42], Cancel);
            await hostile.UntilAsync(RawHttp2.Settings, Cancel);
        }

        await server.StopAsync();
        Assert.False(called);
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task More_headers_than_the_server_allows_reach_no_method()
    {
        await using var server = await TestServer.StartAsync();
        var called = false;
        server.Behaviour.Unary = (request, _) =>
        {
            called = true;
            return Task.FromResult(EchoService.Reply(request));
        };
        using var hostile = await RawHttp2.ConnectAsync(server.Address, Cancel);
        var parts = Enumerable.Range(0, 200).Select(i => ($"x-{i}", new string('a', 60))).ToArray();

        await hostile.CallAsync(1, Unary, RawHttp2.EndStream, Cancel, parts);

        var answer = await hostile.UntilAsync(RawHttp2.Headers, Cancel);

        Assert.True(answer is null || answer[0] != 0x88);
        Assert.False(called);
        Assert.Empty(server.Errors);
    }
}
