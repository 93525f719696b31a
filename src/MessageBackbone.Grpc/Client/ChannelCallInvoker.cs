using Grpc.Core;
using Grpc.Net.Client;

namespace MessageBackbone.GrpcClient;

internal sealed class ChannelCallInvoker(GrpcChannel channel) : CallInvoker
{
    // HTTP/2 has no blocking send here, and blocking a thread on an asynchronous call can starve the pool that has to finish it.
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw new NotSupportedException($"Blocking calls are not offered: call {method.Name}Async and await it.");

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = new ClientCall<TRequest, TResponse>(channel, method, host, options);
        var response = call.RunSingleAsync(call.UnaryContent(request));
        return new AsyncUnaryCall<TResponse>(
            response, ClientCall.HeadersOf, ClientCall.StatusOf, ClientCall.TrailersOf, ClientCall.DisposeOf, call);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var call = new ClientCall<TRequest, TResponse>(channel, method, host, options);
        return new AsyncServerStreamingCall<TResponse>(
            call.OpenResponses(call.UnaryContent(request)),
            ClientCall.HeadersOf, ClientCall.StatusOf, ClientCall.TrailersOf, ClientCall.DisposeOf, call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ClientCall<TRequest, TResponse>(channel, method, host, options);
        var content = new StreamingContent();
        var writer = new ClientStreamWriter<TRequest>(call, content, method.RequestMarshaller);
        return new AsyncClientStreamingCall<TRequest, TResponse>(
            writer, call.RunSingleAsync(content), ClientCall.HeadersOf, ClientCall.StatusOf, ClientCall.TrailersOf, ClientCall.DisposeOf, call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var call = new ClientCall<TRequest, TResponse>(channel, method, host, options);
        var content = new StreamingContent();
        var writer = new ClientStreamWriter<TRequest>(call, content, method.RequestMarshaller);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            writer, call.OpenResponses(content), ClientCall.HeadersOf, ClientCall.StatusOf, ClientCall.TrailersOf, ClientCall.DisposeOf, call);
    }
}
