using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;
using MessageBackbone.GrpcTests.Proto;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.GrpcTests;

public sealed partial class InterceptorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("unary")]
    [InlineData("collect")]
    [InlineData("spread")]
    [InlineData("duplex")]
    public async Task One_interceptor_maps_the_faults_of_every_shape(string shape)
    {
        await using var server = await TestServer.StartAsync(options => options.Interceptors.Add<MappingInterceptor>("mapped"));
        server.Behaviour.Unary = (_, _) => throw new TimeoutException("inner");
        server.Behaviour.Collect = (_, _) => throw new TimeoutException("inner");
        server.Behaviour.Spread = (_, _, _) => throw new TimeoutException("inner");
        server.Behaviour.Duplex = (_, _, _) => throw new TimeoutException("inner");

        var ended = await Assert.ThrowsAsync<RpcException>(() => CallAsync(server.Client(), shape));

        Assert.Equal(new Status(StatusCode.Unavailable, "mapped"), ended.Status);
        Assert.Equal("kept", ended.Trailers.GetValue("why"));
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task Interceptors_run_in_the_order_in_which_they_were_added_and_come_from_the_services_where_registered()
    {
        var notes = new ConcurrentQueue<string>();
        await using var server = await TestServer.StartAsync(
            options =>
            {
                options.Interceptors.Add<FirstInterceptor>();
                options.Interceptors.Add<SecondInterceptor>("argument");
            },
            services: services => services.AddSingleton(notes).AddSingleton(new FirstInterceptor(notes, "registered")));
        foreach (var shape in new[] { "unary", "collect", "spread", "duplex" })
            await CallAsync(server.Client(), shape);

        Assert.Equal(Enumerable.Repeat(new[] { "registered", "argument" }, 4).SelectMany(n => n), notes);
    }

    [Fact]
    public async Task Client_interceptors_see_and_change_the_call_in_order()
    {
        await using var server = await TestServer.StartAsync();
        string? seen = null;
        server.Behaviour.Unary = (request, context) =>
        {
            seen = context.RequestHeaders.GetValue("trail");
            return Task.FromResult(EchoService.Reply(request));
        };
        var invoker = server.Channel().Intercept(headers => Append(headers, "2")).Intercept(headers => Append(headers, "1"));

        await new Echo.EchoClient(invoker).UnaryAsync(new EchoRequest(), cancellationToken: Cancel);

        Assert.Equal("12", seen);
    }

    private static Metadata Append(Metadata headers, string mark) => new() { { "trail", (headers.GetValue("trail") ?? "") + mark } };

    private static async Task CallAsync(Echo.EchoClient client, string shape)
    {
        switch (shape)
        {
            case "unary":
                await client.UnaryAsync(new EchoRequest(), cancellationToken: Cancel);
                break;
            case "collect":
                using (var call = client.Collect(cancellationToken: Cancel))
                {
                    await call.RequestStream.CompleteAsync();
                    await call;
                }

                break;
            case "spread":
                using (var call = client.Spread(new EchoRequest { Count = 1 }, cancellationToken: Cancel))
                    await call.ResponseStream.ReadAllAsync(Cancel).LastAsync(Cancel);
                break;
            default:
                using (var call = client.Duplex(cancellationToken: Cancel))
                {
                    await call.RequestStream.CompleteAsync();
                    Assert.False(await call.ResponseStream.MoveNext(Cancel));
                }

                break;
        }
    }

    private sealed class MappingInterceptor(string text) : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
            MapAsync(context, () => continuation(request, context));

        public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
            MapAsync(context, () => continuation(requestStream, context));

        public override Task ServerStreamingServerHandler<TRequest, TResponse>(
            TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
            ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
            MapAsync(context, () => Done(continuation(request, responseStream, context)));

        public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
            DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
            MapAsync(context, () => Done(continuation(requestStream, responseStream, context)));

        private static async Task<bool> Done(Task task)
        {
            await task;
            return true;
        }

        private async Task<T> MapAsync<T>(ServerCallContext context, Func<Task<T>> next)
        {
            context.ResponseTrailers.Add("why", "kept");
            try
            {
                return await next();
            }
            catch (TimeoutException)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, text));
            }
        }
    }

    private class NotingInterceptor(ConcurrentQueue<string> notes, string note) : Interceptor
    {
        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            notes.Enqueue(note);
            return continuation(request, context);
        }

        public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
        {
            notes.Enqueue(note);
            return continuation(requestStream, context);
        }

        public override Task ServerStreamingServerHandler<TRequest, TResponse>(
            TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
            ServerStreamingServerMethod<TRequest, TResponse> continuation)
        {
            notes.Enqueue(note);
            return continuation(request, responseStream, context);
        }

        public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
            IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
            DuplexStreamingServerMethod<TRequest, TResponse> continuation)
        {
            notes.Enqueue(note);
            return continuation(requestStream, responseStream, context);
        }
    }

    private sealed class FirstInterceptor(ConcurrentQueue<string> notes, string note) : NotingInterceptor(notes, note);

    private sealed class SecondInterceptor(ConcurrentQueue<string> notes, string note) : NotingInterceptor(notes, note);
}
