using Grpc.Core;
using Grpc.Net.Client;
using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

public sealed class DeadlineAndCancellationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DateTime In(TimeSpan time) => TimeProvider.System.GetUtcNow().UtcDateTime + time;

    [Fact]
    public async Task A_deadline_reaches_the_server_and_ends_the_call_on_both_sides()
    {
        await using var server = await TestServer.StartAsync();
        var fired = new TaskCompletionSource<DateTime>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Behaviour.Unary = async (_, context) =>
        {
            context.CancellationToken.Register(() => fired.TrySetResult(context.Deadline));
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return new EchoReply();
        };
        var deadline = In(TimeSpan.FromMilliseconds(200));

        var ended = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client().UnaryAsync(new EchoRequest(), deadline: deadline, cancellationToken: Cancel));

        Assert.Equal(StatusCode.DeadlineExceeded, ended.StatusCode);
        Assert.InRange(await fired.Task.WaitAsync(Cancel), deadline.AddSeconds(-1), deadline.AddSeconds(5));
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task The_server_answers_DEADLINE_EXCEEDED_itself_while_its_method_goes_on()
    {
        await using var server = await TestServer.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Behaviour.Unary = async (request, _) =>
        {
            await release.Task;
            return EchoService.Reply(request);
        };
        using var client = server.RawClient();

        // No deadline of the client's own: only the server's clock can end this call.
        using var response = await client.SendAsync(Raw.Request(server, "Unary", Raw.Frame(new EchoRequest()), ("grpc-timeout", "100m")), Cancel);

        Assert.Equal("4", await Raw.StatusOfAsync(response, Cancel));
        release.SetResult();
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task A_deadline_in_the_past_fails_without_reaching_the_method()
    {
        await using var server = await TestServer.StartAsync();

        var ended = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Client().UnaryAsync(new EchoRequest(), deadline: In(TimeSpan.FromSeconds(-1)), cancellationToken: Cancel));

        Assert.Equal(StatusCode.DeadlineExceeded, ended.StatusCode);
    }

    [Fact]
    public async Task Cancelling_a_call_fires_the_token_of_the_method_and_is_no_error_in_the_log()
    {
        await using var server = await TestServer.StartAsync();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Behaviour.Unary = async (_, context) =>
        {
            context.CancellationToken.Register(() => cancelled.TrySetResult());
            started.SetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return new EchoReply();
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var call = server.Client().UnaryAsync(new EchoRequest(), cancellationToken: stop.Token);
        await started.Task.WaitAsync(Cancel);

        await stop.CancelAsync();

        var ended = await Assert.ThrowsAsync<RpcException>(async () => await call);
        Assert.Equal(StatusCode.Cancelled, ended.StatusCode);
        await cancelled.Task.WaitAsync(Cancel);
        await server.StopAsync();
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task Disposing_a_duplex_call_ends_the_reading_of_the_server()
    {
        await using var server = await TestServer.StartAsync();
        var over = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Behaviour.Duplex = async (requests, responses, context) =>
        {
            context.CancellationToken.Register(() => over.TrySetResult(true));
            await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
                await responses.WriteAsync(EchoService.Reply(request), context.CancellationToken);
        };
        var call = server.Client().Duplex(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new EchoRequest { Text = "a" }, Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        call.Dispose();

        Assert.True(await over.Task.WaitAsync(Cancel));
        await server.StopAsync();
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task A_cancelled_call_throws_OperationCanceledException_where_the_channel_says_so()
    {
        await using var server = await TestServer.StartAsync();
        server.Behaviour.Spread = (_, _, context) => Task.Delay(Timeout.Infinite, context.CancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var call = server.Client(o => o.ThrowOperationCanceledOnCancellation = true).Spread(new EchoRequest(), cancellationToken: stop.Token);
        var read = call.ResponseStream.MoveNext(Cancel);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task Disposing_the_channel_cancels_its_calls()
    {
        await using var server = await TestServer.StartAsync();
        server.Behaviour.Spread = async (_, responses, context) =>
        {
            await responses.WriteAsync(new EchoReply());
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };
        var channel = server.Channel();
        using var call = new Echo.EchoClient(channel).Spread(new EchoRequest(), cancellationToken: Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        var next = call.ResponseStream.MoveNext(Cancel);

        channel.Dispose();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => next)).StatusCode);
    }

    [Fact]
    public async Task Nobody_listening_is_UNAVAILABLE()
    {
        var server = await TestServer.StartAsync();
        var address = server.Address;
        await server.DisposeAsync();
        using var channel = GrpcChannel.ForAddress(address);

        var ended = await Assert.ThrowsAsync<RpcException>(
            async () => await new Echo.EchoClient(channel).UnaryAsync(new EchoRequest(), cancellationToken: Cancel));

        Assert.Equal(StatusCode.Unavailable, ended.StatusCode);
    }

    [Fact]
    public async Task A_write_to_nobody_is_UNAVAILABLE_though_nobody_reads()
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");
        using var call = new Echo.EchoClient(channel).Duplex(cancellationToken: Cancel);

        var failed = await Assert.ThrowsAsync<RpcException>(() => call.RequestStream.WriteAsync(new EchoRequest(), Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel));

        Assert.Equal(StatusCode.Unavailable, failed.StatusCode);
    }

    [Fact]
    public async Task A_server_that_goes_away_in_the_middle_is_UNAVAILABLE_or_cancelled_by_it()
    {
        var server = await TestServer.StartAsync();
        server.Behaviour.Spread = async (_, responses, context) =>
        {
            await responses.WriteAsync(new EchoReply());
            context.GetHttpContext().Abort();
        };
        using var call = server.Client().Spread(new EchoRequest(), cancellationToken: Cancel);

        var ended = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(Cancel))
                continue;
        });

        Assert.Contains(ended.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Cancelled, StatusCode.Internal });
        await server.DisposeAsync();
    }
}
