using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using MessageBackbone.Conformance.Proto;
using Status = Grpc.Core.Status;

namespace MessageBackbone.Conformance;

/// <summary>Our client on Python's server: refusals, deadlines, cancellation.</summary>
public abstract class OurClientEndTests(PythonServer python)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_status_code_arrives_as_itself()
    {
        foreach (var code in System.Enum.GetValues<StatusCode>().Where(code => code != StatusCode.OK))
            Assert.Equal(new Status(code, $"{code}"), (await RefusedAsync(Fail((int)code, $"{code}"))).Status);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("100 % sûr: 日本語 🚓\r\n\tend")]
    [InlineData("%41 is not A")]
    [InlineData("ends in %E")]
    public async Task The_text_of_a_refusal_arrives_in_any_script(string text) =>
        Assert.Equal(new Status(StatusCode.FailedPrecondition, text), (await RefusedAsync(Fail(9, text))).Status);

    [Fact]
    public async Task Status_details_arrive_whole()
    {
        var info = new ErrorInfo { Reason = "FIELD_INVALID", Domain = "backbone", Metadata = { ["k"] = "ü" } };
        var status = new Google.Rpc.Status { Code = 3, Message = "no", Details = { Any.Pack(info) } };

        var refused = await RefusedAsync(Fail(3, "no", status.ToByteString()));

        Assert.Equal(status, refused.GetRpcStatus());
        Assert.Equal(info, refused.GetRpcStatus()!.GetDetail<ErrorInfo>());
    }

    [Fact]
    public async Task A_refusal_without_messages_still_has_its_trailers()
    {
        var refused = await RefusedAsync(Fail(7, ""), new Metadata { { "trailing-x", "1" }, { "trailing-bin", [1] } });
        using var streamed = python.Client().Spread(Fail(7, ""), cancellationToken: Cancel);

        var inStream = await Assert.ThrowsAsync<RpcException>(() => streamed.ResponseStream.MoveNext(Cancel));

        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Equal("1", refused.Trailers.GetValue("trailing-x"));
        Assert.Equal([1], refused.Trailers.GetValueBytes("trailing-bin")!);
        Assert.Equal(StatusCode.PermissionDenied, inStream.StatusCode);
    }

    [Fact]
    public async Task Messages_before_a_refusal_arrive()
    {
        var request = Fail(10, "then no");
        request.Count = 3;
        using var call = python.Client().Spread(request, cancellationToken: Cancel);
        for (var i = 0; i < 3; i++)
            Assert.True(await call.ResponseStream.MoveNext(Cancel));

        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancel));

        Assert.Equal(new Status(StatusCode.Aborted, "then no"), refused.Status);
    }

    [Fact]
    public async Task A_refusal_in_the_middle_of_a_stream_of_requests_ends_it()
    {
        using var call = python.Client().Collect(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new Request { Text = "a" }, Cancel);

        // The refusal may come while the write that it answers is still being flushed: that write then ends with it.
        var written = await Record.ExceptionAsync(() => call.RequestStream.WriteAsync(Fail(8, "enough"), Cancel));
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await call);

        Assert.Equal(new Status(StatusCode.ResourceExhausted, "enough"), refused.Status);
        Assert.True(written is null or RpcException { StatusCode: StatusCode.ResourceExhausted }, $"{written}");
        await Assert.ThrowsAnyAsync<Exception>(() => call.RequestStream.WriteAsync(new Request(), Cancel));
    }

    [Fact]
    public async Task An_exception_of_the_method_is_UNKNOWN() =>
        Assert.Equal(StatusCode.Unknown, (await RefusedAsync(new Request { Act = Act.Throw })).StatusCode);

    [Fact]
    public async Task A_deadline_ends_the_call_on_both_sides()
    {
        var key = NewKey(out var headers);
        var client = await ConnectedAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await client.UnaryAsync(new Request { Act = Act.Wait }, headers, In(TimeSpan.FromSeconds(1)), Cancel));

        Assert.Equal(StatusCode.DeadlineExceeded, refused.StatusCode);
        Assert.True(await CancelledAsync(key));
    }

    [Fact]
    public async Task A_deadline_ends_a_stream_after_messages_have_come()
    {
        var key = NewKey(out var headers);
        var client = await ConnectedAsync();
        using var call = client.Spread(new Request { Count = 1, Act = Act.Wait }, headers, In(TimeSpan.FromSeconds(2)), Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancel));

        Assert.Equal(StatusCode.DeadlineExceeded, refused.StatusCode);
        Assert.True(await CancelledAsync(key));
    }

    [Fact]
    public async Task The_server_knows_how_much_time_is_left()
    {
        var timed = await python.Client().UnaryAsync(new Request(), deadline: In(TimeSpan.FromSeconds(60)), cancellationToken: Cancel);
        var untimed = await python.Client().UnaryAsync(new Request(), cancellationToken: Cancel);

        Assert.InRange(timed.SecondsLeft, 40, 60.1);
        Assert.True(untimed.SecondsLeft < 0);
    }

    [Fact]
    public async Task Cancelling_a_unary_call_reaches_the_server()
    {
        var key = NewKey(out var headers);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var call = python.Client().UnaryAsync(new Request { Act = Act.Wait }, headers, cancellationToken: stop.Token);
        await python.Client().FateAsync(new FateRequest { CallKey = key, Begun = true }, cancellationToken: Cancel);

        await stop.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(async () => await call)).StatusCode);
        Assert.True(await CancelledAsync(key));
    }

    [Fact]
    public async Task Cancelling_streams_in_the_middle_reaches_the_server()
    {
        var (spreadKey, duplexKey) = (NewKey(out var ofSpread), NewKey(out var ofDuplex));
        var spread = python.Client().Spread(new Request { Count = 2, Act = Act.Wait }, ofSpread, cancellationToken: Cancel);
        var duplex = python.Client().Duplex(ofDuplex, cancellationToken: Cancel);
        await duplex.RequestStream.WriteAsync(new Request { Act = Act.Wait }, Cancel);
        Assert.True(await spread.ResponseStream.MoveNext(Cancel));
        Assert.True(await duplex.ResponseStream.MoveNext(Cancel));

        spread.Dispose();
        duplex.Dispose();

        Assert.True(await CancelledAsync(spreadKey));
        Assert.True(await CancelledAsync(duplexKey));
    }

    [Fact]
    public async Task A_call_that_is_over_was_not_cancelled()
    {
        var key = NewKey(out var headers);

        await python.Client().UnaryAsync(new Request(), headers, cancellationToken: Cancel);

        Assert.False(await CancelledAsync(key));
    }

    [Fact]
    public async Task The_server_can_end_a_call_as_CANCELLED_and_by_a_reset()
    {
        var client = python.Client();
        using var call = client.Duplex(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new Request(), Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        await call.RequestStream.WriteAsync(new Request { Act = Act.Reset }, Cancel);
        var reset = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancel));

        Assert.Equal(StatusCode.Cancelled, reset.StatusCode);
        Assert.Equal(StatusCode.Cancelled, (await RefusedAsync(new Request { Act = Act.Reset })).StatusCode);
        Assert.Equal(StatusCode.Cancelled, (await RefusedAsync(Fail(1, ""))).StatusCode);
        Assert.Equal("x", (await client.UnaryAsync(new Request { Text = "x" }, cancellationToken: Cancel)).Text);
    }

    [Theory]
    [InlineData("test.conformance.v1.Conformance")]
    [InlineData("no.such.Service")]
    public async Task An_unknown_method_or_service_is_UNIMPLEMENTED(string service)
    {
        var requests = Marshallers.Create(r => r.ToByteArray(), Request.Parser.ParseFrom);
        var replies = Marshallers.Create(r => r.ToByteArray(), Reply.Parser.ParseFrom);
        var method = new Method<Request, Reply>(MethodType.Unary, service, "Nothing", requests, replies);
        var invoker = python.Channel(new WireWatch()).CreateCallInvoker();

        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await invoker.AsyncUnaryCall(method, null, new CallOptions(cancellationToken: Cancel), new Request()));

        Assert.Equal(StatusCode.Unimplemented, refused.StatusCode);
    }

    [Fact]
    public async Task Pings_hold_an_idle_call()
    {
        var watch = new WireWatch();
        var channel = python.Channel(watch, handle: handler =>
        {
            handler.KeepAlivePingDelay = TimeSpan.FromSeconds(1);
            handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always;
        });
        using var call = new Proto.Conformance.ConformanceClient(channel).Duplex(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new Request(), Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        await watch.PingsAsync(2).WaitAsync(TimeSpan.FromSeconds(60), Cancel);

        await call.RequestStream.WriteAsync(new Request { Text = "still there" }, Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        Assert.Equal("still there", call.ResponseStream.Current.Text);
    }

    private static DateTime In(TimeSpan time) => TimeProvider.System.GetUtcNow().UtcDateTime + time;

    private static Request Fail(int code, string text, ByteString? details = null) =>
        new() { Act = Act.Fail, Failure = new Failure { Code = code, Text = text, Details = details ?? ByteString.Empty } };

    private static string NewKey(out Metadata headers)
    {
        var key = Guid.NewGuid().ToString();
        headers = new Metadata { { "call-key", key } };
        return key;
    }

    private async Task<RpcException> RefusedAsync(Request request, Metadata? headers = null) =>
        await Assert.ThrowsAsync<RpcException>(async () => await python.Client().UnaryAsync(request, headers, cancellationToken: Cancel));

    // Where a deadline is short, making the connection would use it up, and the call never reach the server.
    private async Task<Proto.Conformance.ConformanceClient> ConnectedAsync()
    {
        var client = python.Client();
        await client.UnaryAsync(new Request(), cancellationToken: Cancel);
        return client;
    }

    private async Task<bool> CancelledAsync(string key) =>
        (await python.Client().FateAsync(new FateRequest { CallKey = key }, cancellationToken: Cancel)).Cancelled;
}

public sealed class OurClientEndsOverCleartext(PythonServerOverCleartext python) : OurClientEndTests(python), IClassFixture<PythonServerOverCleartext>;

public sealed class OurClientEndsOverTls(PythonServerOverTls python) : OurClientEndTests(python), IClassFixture<PythonServerOverTls>;
