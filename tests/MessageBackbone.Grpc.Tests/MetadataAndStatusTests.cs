using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using MessageBackbone.GrpcTests.Proto;
using Status = Grpc.Core.Status;

namespace MessageBackbone.GrpcTests;

public sealed partial class MetadataAndStatusTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Text_and_binary_metadata_travel_both_ways_unchanged()
    {
        byte[] every = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        await using var server = await TestServer.StartAsync();
        Metadata? received = null;
        server.Behaviour.Unary = async (request, context) =>
        {
            received = context.RequestHeaders;
            await context.WriteResponseHeadersAsync(new Metadata { { "head", "1" }, { "head-bin", every } });
            context.ResponseTrailers.Add("tail-bin", every);
            context.ResponseTrailers.Add("tail", "2");
            return EchoService.Reply(request);
        };
        using var call = server.Client().UnaryAsync(
            new EchoRequest(), new Metadata { { "Mixed-Case", "a b" }, { "twice", "1" }, { "twice", "2" }, { "raw-bin", every }, { "empty-bin", [] } },
            cancellationToken: Cancel);

        await call;
        var headers = await call.ResponseHeadersAsync;

        Assert.Equal("a b", received!.GetValue("mixed-case"));
        Assert.Equal(["1", "2"], received.GetAll("twice").SelectMany(e => e.Value.Split(", ")));
        Assert.Equal(every, received.GetValueBytes("raw-bin"));
        Assert.Equal([], received.GetValueBytes("empty-bin")!);
        Assert.DoesNotContain(received, e => e.Key.StartsWith("grpc-", StringComparison.Ordinal) || e.Key == "te");
        Assert.Equal("1", headers.GetValue("head"));
        Assert.Equal(every, headers.GetValueBytes("head-bin"));
        Assert.Equal(every, call.GetTrailers().GetValueBytes("tail-bin"));
        Assert.Equal("2", call.GetTrailers().GetValue("tail"));
        Assert.Empty(server.Errors);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("100 % sûr: \r\n\t\0 日本語 🚓")]
    [InlineData("%41 is not A")]
    public async Task The_text_of_a_status_arrives_as_it_was_written(string detail)
    {
        await using var server = await TestServer.StartAsync();
        server.Behaviour.Unary = (_, _) => throw new RpcException(new Status(StatusCode.FailedPrecondition, detail));

        var ended = await Assert.ThrowsAsync<RpcException>(async () => await server.Client().UnaryAsync(new EchoRequest(), cancellationToken: Cancel));

        Assert.Equal(new Status(StatusCode.FailedPrecondition, detail), ended.Status);
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task Status_details_name_reason_fields_and_pause()
    {
        await using var server = await TestServer.StartAsync();
        var refused = new Google.Rpc.Status
        {
            Code = (int)StatusCode.InvalidArgument,
            Message = "no",
            Details =
            {
                Any.Pack(new ErrorInfo { Reason = "FIELD_INVALID", Domain = "backbone", Metadata = { ["k"] = "v" } }),
                Any.Pack(new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "a.b" } } }),
                Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) }),
            },
        };
        server.Behaviour.Spread = async (_, responses, _) =>
        {
            await responses.WriteAsync(new EchoReply());
            throw refused.ToRpcException();
        };
        using var call = server.Client().Spread(new EchoRequest(), cancellationToken: Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));

        var ended = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancel));

        Assert.Equal(refused, ended.GetRpcStatus());
        Assert.Equal("FIELD_INVALID", ended.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
        Assert.Null(ended.GetRpcStatus()!.GetDetail<QuotaFailure>());
        Assert.Equal(StatusCode.InvalidArgument, call.GetStatus().StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exception_becomes_UNKNOWN_and_its_text_stays_unless_asked_for(bool detailed)
    {
        await using var server = await TestServer.StartAsync(options => options.EnableDetailedErrors = detailed);
        server.Behaviour.Unary = (_, _) => throw new InvalidOperationException("secret");

        var ended = await Assert.ThrowsAsync<RpcException>(async () => await server.Client().UnaryAsync(new EchoRequest(), cancellationToken: Cancel));

        Assert.Equal(StatusCode.Unknown, ended.StatusCode);
        Assert.NotEmpty(ended.Status.Detail);
        Assert.Equal(detailed, ended.Status.Detail.Contains("InvalidOperationException: secret", StringComparison.Ordinal));
        Assert.Single(server.Errors);
    }

    [Fact]
    public async Task A_status_set_on_the_context_follows_the_message()
    {
        await using var server = await TestServer.StartAsync();
        server.Behaviour.Unary = (request, context) =>
        {
            context.Status = new Status(StatusCode.DataLoss, "half");
            return Task.FromResult(EchoService.Reply(request));
        };

        var ended = await Assert.ThrowsAsync<RpcException>(async () => await server.Client().UnaryAsync(new EchoRequest(), cancellationToken: Cancel));

        Assert.Equal(new Status(StatusCode.DataLoss, "half"), ended.Status);
    }

    [Fact]
    public async Task The_context_knows_method_host_peer_and_client_certificate()
    {
        await using var server = await TestServer.StartAsync(tls: true);
        string? method = null;
        DateTime? deadline = null;
        string? peer = null;
        string? host = null;
        string? identity = null;
        server.Behaviour.Unary = (request, context) =>
        {
            (method, deadline, peer, host) = (context.Method, context.Deadline, context.Peer, context.Host);
            identity = context.AuthContext.PeerIdentity.Single().Value;
            Assert.Equal(TestCertificate.Client.Thumbprint, context.GetHttpContext().Connection.ClientCertificate!.Thumbprint);
            context.UserState["x"] = 1;
            return Task.FromResult(EchoService.Reply(request));
        };

        await server.Client(certificate: TestCertificate.Client).UnaryAsync(new EchoRequest(), cancellationToken: Cancel);

        Assert.Equal("/test.echo.v1.Echo/Unary", method);
        Assert.Equal(server.Address.Authority, host);
        Assert.StartsWith("ipv4:127.0.0.1:", peer, StringComparison.Ordinal);
        Assert.Equal("gateway.example", identity);
        Assert.Equal(DateTime.MaxValue, deadline);
    }
}
