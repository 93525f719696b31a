using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.GrpcServer;

// One request from its headers to its trailers, whatever the shape of the call.
internal abstract class Handler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService, TRequest, TResponse>(
    ServerSettings settings, Method<TRequest, TResponse> method)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    private readonly bool streamsRequest = method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming;

    protected ServerSettings Settings { get; } = settings;

    protected Method<TRequest, TResponse> Method { get; } = method;

    public async Task HandleAsync(HttpContext http)
    {
        if (!CallGate.Admit(http, Settings))
            return;
        if (streamsRequest)
            CallGate.LiftStreamLimits(http);
        var call = new ServerCall(http, Settings, Method.FullName);
        try
        {
            if (call.TryOpen())
                await RunAsync(call);
            await call.EndAsync();
        }
#pragma warning disable CA1031 // Whatever a method throws becomes a status; FaultAsync logs what nobody expected
        catch (Exception e)
#pragma warning restore CA1031
        {
            await call.FaultAsync(e);
        }
        finally
        {
            await call.DisposeAsync();
        }
    }

    // Reads and writes what the shape asks for around InvokeAsync.
    protected abstract Task RunAsync(ServerCall call);

    protected async ValueTask<TRequest> ReadRequestAsync(ServerCall call) =>
        await call.ReadSingleAsync(Method.RequestMarshaller)
            ?? throw new RpcException(new Status(StatusCode.Internal, "The request ended without a message."));

    protected ValueTask WriteResponseAsync(ServerCall call, TResponse? response) =>
        response is null
            ? throw new RpcException(new Status(StatusCode.Internal, "The method returned no message."))
            : call.Writer.WriteLastAsync(Method.ResponseMarshaller, response);

    protected RequestStream<TRequest> Requests(ServerCall call) => new(call, Method.RequestMarshaller);

    protected ResponseStream<TResponse> Responses(ServerCall call) => new(call, Method.ResponseMarshaller);

    protected Interceptor Interceptor(ServerCall call, int index) => Settings.Interceptors[index].Get(call.Http.RequestServices);
}

internal sealed class UnaryHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService, TRequest, TResponse>(
    ServerSettings settings, Method<TRequest, TResponse> method, UnaryMethod<TService, TRequest, TResponse> target)
    : Handler<TService, TRequest, TResponse>(settings, method)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(ServerCall call) =>
        await WriteResponseAsync(call, await Step(call, 0)(await ReadRequestAsync(call), call));

    private UnaryServerMethod<TRequest, TResponse> Step(ServerCall call, int index)
    {
        if (index == Settings.Interceptors.Count)
            return InvokeAsync;
        var interceptor = Interceptor(call, index);
        var next = Step(call, index + 1);
        return (request, context) => interceptor.UnaryServerHandler(request, context, next);
    }

    private Task<TResponse> InvokeAsync(TRequest request, ServerCallContext context)
    {
        var service = ServiceActivator<TService>.Get(context.GetHttpContext().RequestServices, out var own);
        return own ? InvokeOwnAsync(service, request, context) : target(service, request, context);
    }

    private async Task<TResponse> InvokeOwnAsync(TService service, TRequest request, ServerCallContext context)
    {
        try
        {
            return await target(service, request, context);
        }
        finally
        {
            await ServiceActivator<TService>.DisposeAsync(service);
        }
    }
}

internal sealed class ClientStreamingHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService, TRequest, TResponse>(
    ServerSettings settings, Method<TRequest, TResponse> method, ClientStreamingMethod<TService, TRequest, TResponse> target)
    : Handler<TService, TRequest, TResponse>(settings, method)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(ServerCall call) => await WriteResponseAsync(call, await Step(call, 0)(Requests(call), call));

    private ClientStreamingServerMethod<TRequest, TResponse> Step(ServerCall call, int index)
    {
        if (index == Settings.Interceptors.Count)
            return InvokeAsync;
        var interceptor = Interceptor(call, index);
        var next = Step(call, index + 1);
        return (requests, context) => interceptor.ClientStreamingServerHandler(requests, context, next);
    }

    private async Task<TResponse> InvokeAsync(IAsyncStreamReader<TRequest> requests, ServerCallContext context)
    {
        var service = ServiceActivator<TService>.Get(context.GetHttpContext().RequestServices, out var own);
        try
        {
            return await target(service, requests, context);
        }
        finally
        {
            if (own)
                await ServiceActivator<TService>.DisposeAsync(service);
        }
    }
}

internal sealed class ServerStreamingHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService, TRequest, TResponse>(
    ServerSettings settings, Method<TRequest, TResponse> method, ServerStreamingMethod<TService, TRequest, TResponse> target)
    : Handler<TService, TRequest, TResponse>(settings, method)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override async Task RunAsync(ServerCall call) => await Step(call, 0)(await ReadRequestAsync(call), Responses(call), call);

    private ServerStreamingServerMethod<TRequest, TResponse> Step(ServerCall call, int index)
    {
        if (index == Settings.Interceptors.Count)
            return InvokeAsync;
        var interceptor = Interceptor(call, index);
        var next = Step(call, index + 1);
        return (request, responses, context) => interceptor.ServerStreamingServerHandler(request, responses, context, next);
    }

    private async Task InvokeAsync(TRequest request, IServerStreamWriter<TResponse> responses, ServerCallContext context)
    {
        var service = ServiceActivator<TService>.Get(context.GetHttpContext().RequestServices, out var own);
        try
        {
            await target(service, request, responses, context);
        }
        finally
        {
            if (own)
                await ServiceActivator<TService>.DisposeAsync(service);
        }
    }
}

internal sealed class DuplexStreamingHandler<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService, TRequest, TResponse>(
    ServerSettings settings, Method<TRequest, TResponse> method, DuplexStreamingMethod<TService, TRequest, TResponse> target)
    : Handler<TService, TRequest, TResponse>(settings, method)
    where TService : class
    where TRequest : class
    where TResponse : class
{
    protected override Task RunAsync(ServerCall call) => Step(call, 0)(Requests(call), Responses(call), call);

    private DuplexStreamingServerMethod<TRequest, TResponse> Step(ServerCall call, int index)
    {
        if (index == Settings.Interceptors.Count)
            return InvokeAsync;
        var interceptor = Interceptor(call, index);
        var next = Step(call, index + 1);
        return (requests, responses, context) => interceptor.DuplexStreamingServerHandler(requests, responses, context, next);
    }

    private async Task InvokeAsync(IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, ServerCallContext context)
    {
        var service = ServiceActivator<TService>.Get(context.GetHttpContext().RequestServices, out var own);
        try
        {
            await target(service, requests, responses, context);
        }
        finally
        {
            if (own)
                await ServiceActivator<TService>.DisposeAsync(service);
        }
    }
}
