using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Conformance.Proto;
using MessageBackbone.GrpcServices;
using Microsoft.AspNetCore.Http.Features;

namespace MessageBackbone.Conformance;

/// <summary>How calls ended that named themselves: true where the client or its deadline ended them.</summary>
internal sealed class Fates
{
    private readonly ConcurrentDictionary<string, Fate> known = new(StringComparer.Ordinal);

    public Fate Of(string key) => known.GetOrAdd(key, static _ => new Fate());
}

internal sealed class Fate
{
    public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<bool> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The service of conformance.proto on our stack.</summary>
internal sealed class ConformanceService(Fates fates, HealthService health) : Proto.Conformance.ConformanceBase
{
    private const int PingsAwaited = 3;
    private const int Http2Cancel = 8;

    public override Task<Reply> Unary(Request request, ServerCallContext context) => FollowAsync(context, () => ActAsync(request, context));

    public override Task<Reply> Collect(IAsyncStreamReader<Request> requestStream, ServerCallContext context) => FollowAsync(context, async () =>
    {
        var all = new Reply();
        await foreach (var request in requestStream.ReadAllAsync())
        {
            await ActAsync(request, context);
            all.Text += request.Text;
            all.Count++;
        }

        return all;
    });

    public override Task Spread(Request request, IServerStreamWriter<Reply> responseStream, ServerCallContext context) => FollowAsync(context, async () =>
    {
        for (var i = 0; i < request.Count; i++)
            await responseStream.WriteAsync(new Reply { Text = request.Text, Body = BodyFor(request), Count = i });
        return await ActAsync(request, context);
    });

    public override Task Duplex(
        IAsyncStreamReader<Request> requestStream, IServerStreamWriter<Reply> responseStream, ServerCallContext context) => FollowAsync(context, async () =>
    {
        await foreach (var request in requestStream.ReadAllAsync())
        {
            if (request.Act == Act.Wait)
                await responseStream.WriteAsync(Echo(request, context));
            await responseStream.WriteAsync(await ActAsync(request, context));
        }

        return true;
    });

    public override async Task<FateReply> Fate(FateRequest request, ServerCallContext context)
    {
        var fate = fates.Of(request.CallKey);
        await (request.Begun ? fate.Begun.Task : fate.Ended.Task).WaitAsync(context.CancellationToken);
        return new FateReply { Cancelled = !request.Begun && await fate.Ended.Task };
    }

    private async Task<T> FollowAsync<T>(ServerCallContext context, Func<Task<T>> call)
    {
        var headers = context.RequestHeaders;
        var fate = headers.GetValue("call-key") is { } key ? fates.Of(key) : null;
        fate?.Begun.SetResult();
        Metadata initial = [.. headers.Where(e => e.Key.StartsWith("initial-", StringComparison.Ordinal))];
        if (initial.Count > 0)
            await context.WriteResponseHeadersAsync(initial);
        foreach (var entry in headers.Where(e => e.Key.StartsWith("trailing-", StringComparison.Ordinal)))
            context.ResponseTrailers.Add(entry);
        try
        {
            return await call();
        }
        finally
        {
            fate?.Ended.SetResult(context.CancellationToken.IsCancellationRequested);
        }
    }

    private async Task<Reply> ActAsync(Request request, ServerCallContext context)
    {
        switch (request.Act)
        {
            case Act.Fail:
                throw Refusal(request.Failure);
            case Act.Throw:
                throw new NotSupportedException(request.Text);
            case Act.Reset:
                context.GetHttpContext().Features.GetRequiredFeature<IHttpResetFeature>().Reset(Http2Cancel);
                throw new RpcException(Status.DefaultCancelled);
            case Act.Wait:
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
                break;
            case Act.AwaitPings:
                var watch = context.GetHttpContext().Features.GetRequiredFeature<WireWatch>();
                await watch.PingsAsync(PingsAwaited).WaitAsync(context.CancellationToken);
                break;
        }

        if (context.RequestHeaders.GetValue("set-health") is { } service)
            health.Set(service, request.Text == "up");
        return Echo(request, context);
    }

    private static Reply Echo(Request request, ServerCallContext context) => new()
    {
        Body = BodyFor(request),
        Text = request.Text,
        SecondsLeft = context.Deadline == DateTime.MaxValue ? -1 : (context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime).TotalSeconds,
        Encoding = context.GetHttpContext().Request.Headers["grpc-encoding"].ToString(),
        Peer = context.AuthContext.FindPropertiesByName("x509_common_name").FirstOrDefault()?.Value ?? "",
    };

    private static ByteString BodyFor(Request request) =>
        request.ReplySize > 0 ? UnsafeByteOperations.UnsafeWrap(RandomNumberGenerator.GetBytes(request.ReplySize)) : request.Body;

    private static RpcException Refusal(Failure failure)
    {
        Metadata trailers = failure.Details.IsEmpty ? [] : new Metadata { { "grpc-status-details-bin", failure.Details.ToByteArray() } };
        return new RpcException(new Status((StatusCode)failure.Code, failure.Text), trailers);
    }
}
