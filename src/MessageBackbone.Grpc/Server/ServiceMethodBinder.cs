using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.GrpcServer;

internal delegate Task<TResponse> UnaryMethod<in TService, in TRequest, TResponse>(TService service, TRequest request, ServerCallContext context);

internal delegate Task<TResponse> ClientStreamingMethod<in TService, in TRequest, TResponse>(
    TService service, IAsyncStreamReader<TRequest> requests, ServerCallContext context);

internal delegate Task ServerStreamingMethod<in TService, TRequest, TResponse>(
    TService service, TRequest request, IServerStreamWriter<TResponse> responses, ServerCallContext context);

internal delegate Task DuplexStreamingMethod<in TService, TRequest, TResponse>(
    TService service, IAsyncStreamReader<TRequest> requests, IServerStreamWriter<TResponse> responses, ServerCallContext context);

// Makes one handler for each method. The service's own override is bound as an open delegate, since the instance comes with each call.
internal sealed class ServiceMethodBinder<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService>(ServerSettings settings)
    : ServiceBinderBase
    where TService : class
{
    public List<(IMethod Method, RequestDelegate Handler)> Handlers { get; } = [];

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add((method, new UnaryHandler<TService, TRequest, TResponse>(
            settings, method, Open<UnaryMethod<TService, TRequest, TResponse>>(method, typeof(TRequest), typeof(ServerCallContext))).HandleAsync));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add((method, new ClientStreamingHandler<TService, TRequest, TResponse>(
            settings,
            method,
            Open<ClientStreamingMethod<TService, TRequest, TResponse>>(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext))).HandleAsync));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add((method, new ServerStreamingHandler<TService, TRequest, TResponse>(
            settings,
            method,
            Open<ServerStreamingMethod<TService, TRequest, TResponse>>(
                method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext))).HandleAsync));

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add((method, new DuplexStreamingHandler<TService, TRequest, TResponse>(
            settings,
            method,
            Open<DuplexStreamingMethod<TService, TRequest, TResponse>>(
                method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext))).HandleAsync));

    private static TDelegate Open<TDelegate>(IMethod method, params Type[] parameters)
        where TDelegate : Delegate =>
        (typeof(TService).GetMethod(method.Name, parameters)
            ?? throw new InvalidOperationException($"{typeof(TService)} has no public method {method.Name} of the shape that {method.FullName} asks for."))
        .CreateDelegate<TDelegate>();
}
