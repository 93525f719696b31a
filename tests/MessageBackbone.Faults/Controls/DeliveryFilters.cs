using Grpc.Core;
using Grpc.Core.Interceptors;
using MessageBackbone.V1;

namespace MessageBackbone.Faults.Controls;

/// <summary>Stands before what the node writes to gateways.</summary>
internal abstract class DeliveryFilter : Interceptor
{
    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(requestStream, typeof(TResponse) == typeof(ToGateway) ? new Writer<TResponse>(responseStream, NewStream()) : responseStream, context);

    /// <summary>What a stream's deliveries go through: it gives those that are to be written in the place of the one given.</summary>
    protected abstract Func<ToGateway, IReadOnlyList<ToGateway>> NewStream();

    private sealed class Writer<T>(IServerStreamWriter<T> stream, Func<ToGateway, IReadOnlyList<ToGateway>> pass) : IServerStreamWriter<T>
    {
        public WriteOptions? WriteOptions
        {
            get => stream.WriteOptions;
            set => stream.WriteOptions = value;
        }

        public async Task WriteAsync(T message)
        {
            if (message is not ToGateway { Delivery: not null } delivery) await stream.WriteAsync(message);
            else foreach (var each in pass(delivery)) await stream.WriteAsync((T)(object)each);
        }

        public Task WriteAsync(T message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}

/// <summary>Writes each second delivery of a stream before the first.</summary>
internal sealed class Swapping : DeliveryFilter
{
    protected override Func<ToGateway, IReadOnlyList<ToGateway>> NewStream()
    {
        ToGateway? held = null;
        return delivery =>
        {
            if (held is null)
            {
                held = delivery;
                return [];
            }
            var first = held;
            held = null;
            return [delivery, first];
        };
    }
}

/// <summary>A gateway that does nothing with one delivery, the first time that it comes, and stays connected: the node never hears of it again.</summary>
internal sealed class Silencing : DeliveryFilter
{
    protected override Func<ToGateway, IReadOnlyList<ToGateway>> NewStream() =>
        static delivery => delivery.Delivery is { Sequence: MemoryScenes.Count, Attempt: 1 } ? [] : [delivery];
}
