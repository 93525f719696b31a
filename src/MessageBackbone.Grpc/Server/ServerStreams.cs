using Grpc.Core;

namespace MessageBackbone.GrpcServer;

internal sealed class RequestStream<T>(ServerCall call, Marshaller<T> marshaller) : IAsyncStreamReader<T>
    where T : class
{
    private T? current;
    private bool ended;

    public T Current => current ?? throw new InvalidOperationException("There is no current message: MoveNext was not called or found the end.");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        current = null;
        if (ended)
            return false;
        call.ThrowIfEnded();
        current = cancellationToken.CanBeCanceled && call.ReadToken.CanBeCanceled
            ? await ReadLinkedAsync(cancellationToken)
            : await ReadAsync(cancellationToken.CanBeCanceled ? cancellationToken : call.ReadToken);
        ended = current is null;
        return !ended;
    }

    private async ValueTask<T?> ReadLinkedAsync(CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.ReadToken);
        return await ReadAsync(linked.Token);
    }

    private ValueTask<T?> ReadAsync(CancellationToken cancellationToken) => call.ReadNextAsync(marshaller, cancellationToken);
}

internal sealed class ResponseStream<T>(ServerCall call, Marshaller<T> marshaller) : IServerStreamWriter<T>
    where T : class
{
    // A stream may have options of its own; until then it writes with those of the call.
    public WriteOptions? WriteOptions
    {
        get => field ?? call.WriteOptions;
        set;
    }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        cancellationToken.ThrowIfCancellationRequested();
        return call.Writer.WriteAsync(marshaller, message, WriteOptions?.Flags ?? default, cancellationToken).AsTask();
    }
}
