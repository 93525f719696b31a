using System.Diagnostics;
using Grpc.Core;
using Grpc.Core.Interceptors;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Signing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// Around every call: names the caller, asks whether its role may call this, and is the one place where refusals and faults become a gRPC status.
/// </summary>
internal sealed class CallInterceptor(
    Callers callers, CallerGuards guards, SecurityRecorder security, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<CallInterceptor> logger) : Interceptor
{
    /// <summary>How long a stream may take to end by itself after its caller lost the right to it. Together with the follower's delay below 5 s.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Back = TimeSpan.FromSeconds(2);

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(context, () => continuation(request, context));

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunGuardedAsync(context, () => continuation(new CallerFrames<TRequest>(requestStream), context));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunGuardedAsync(context, () => Nothing(continuation(request, responseStream, context)));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunGuardedAsync(context, () => Nothing(continuation(new CallerFrames<TRequest>(requestStream), responseStream, context)));

    private static async Task<bool> Nothing(Task call)
    {
        await call;
        return true;
    }

    private async Task<TResponse> RunAsync<TResponse>(ServerCallContext context, Func<Task<TResponse>> call)
    {
        Caller? caller = null;
        try
        {
            caller = Admit(context);
            context.SetCaller(caller);
            return await call();
        }
        catch (Exception fault) when (fault is not RpcException)
        {
            throw await StatusOfAsync(fault, caller, context);
        }
    }

    private async Task<TResponse> RunGuardedAsync<TResponse>(ServerCallContext context, Func<Task<TResponse>> call)
    {
        Caller? caller = null;
        try
        {
            caller = Admit(context);
            using var guard = guards.Watch(caller);
            context.SetCaller(caller = guard.Caller);
            var running = call();
            // A stream that stayed open would hold up the node's stop until its host loses patience.
            await using var down = lifetime.ApplicationStopping.Register(guard.Fire);
            await using var cut = guard.Caller.MustEnd.Register(() => _ = CutAsync(running, context));
            return await running;
        }
        catch (Exception fault) when (fault is not RpcException)
        {
            throw await StatusOfAsync(fault, caller, context);
        }
    }

    private Caller Admit(ServerCallContext context)
    {
        var caller = callers.Identify(context.GetHttpContext().Connection.ClientCertificate);
        CallerRoles.Require(context.Method, caller.Holder.Role);
        return caller;
    }

    // With the reason that the next call will get, so that a gateway does the same after both.
    private RefusalException LostRight(ServerCallContext context) =>
        callers.WhyNot(context.GetHttpContext().Connection.ClientCertificate, out _)
            ?? new RefusalException(Reasons.CertificateNotValid, "Your certificate was not valid for a moment while the call ran. Call again.");

    // A method that watches Caller.MustEnd ends in order; one that does not is cut off.
    private async Task CutAsync(Task running, ServerCallContext context)
    {
        var delay = Task.Delay(Grace, clock, context.CancellationToken);
        if (await Task.WhenAny(running, delay) == delay && !running.IsCompleted)
        {
            context.GetHttpContext().Abort();
        }
    }

    private async Task<RpcException> StatusOfAsync(Exception fault, Caller? caller, ServerCallContext context)
    {
        if (fault is OperationCanceledException && lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // No refusal of the caller's doing, so none is recorded.
            return new RefusalException(Reasons.Draining, "The node goes down. Connect again in a moment.", retryAfter: Back).ToStatus();
        }

        if (fault is OperationCanceledException && caller?.MustEnd.IsCancellationRequested == true)
        {
            return LostRight(context).ToStatus();
        }

        if (fault is OperationCanceledException && context.CancellationToken.IsCancellationRequested)
        {
            return new RpcException(Status.DefaultCancelled);
        }

        if ((fault as RefusalException ?? Refusals.OfFault(fault)) is { } refusal)
        {
            AcceptingLog.Refused(logger, refusal.Reason, context.Method);
            if (fault is not RefusalException)
            {
                AcceptingLog.StoreFailed(logger, fault, context.Method);
            }

            NodeMetrics.Refused(refusal.Reason);
            await security.NoteAsync(caller, refusal.Reason, refusal.HeaderSha256);
            return refusal.ToStatus();
        }

        AcceptingLog.Failed(logger, fault, context.Method, Activity.Current?.TraceId.ToString() ?? "");
        return new RpcException(new Status(StatusCode.Internal, "The node failed. It is logged there; send the same bytes again."));
    }
}
