using Grpc.Core;
using MessageBackbone.GrpcWire;

namespace MessageBackbone.GrpcClient;

internal sealed class ClientStreamWriter<T>(ClientCall call, StreamingContent content, Marshaller<T> marshaller) : IClientStreamWriter<T>
    where T : class
{
    private const int Idle = 0;
    private const int Writing = 1;
    private const int Completed = 2;

    private int state;

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        cancellationToken.ThrowIfCancellationRequested();
        Begin(Writing);
        try
        {
            // A write cut off in the middle leaves half a frame: giving it up gives up the call.
            await using var giveUp = cancellationToken.CanBeCanceled
                ? cancellationToken.UnsafeRegister(static state => ((ClientCall)state!).Cancel(), call)
                : default;
            await SendAsync(message);
        }
        finally
        {
            Interlocked.CompareExchange(ref state, Idle, Writing);
        }
    }

    public Task CompleteAsync()
    {
        Begin(Completed);
        content.Close();
        return Task.CompletedTask;
    }

    private async Task SendAsync(T message)
    {
        var flags = WriteOptions?.Flags ?? call.DefaultFlags;
        using var frame = new FrameBuffer(call.Channel.SendLimit);
        frame.Write(marshaller, message, !flags.HasFlag(WriteFlags.NoCompress) ? call.RequestEncoding : null, null);
        try
        {
            var stream = content.Opened.IsCompletedSuccessfully ? await content.Opened : await content.Opened.WaitAsync(call.Stop);
            await stream.WriteAsync(frame.Frame, call.Stop);
            if (!flags.HasFlag(WriteFlags.BufferHint))
                await stream.FlushAsync(call.Stop);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException or ObjectDisposedException or InvalidOperationException)
        {
            throw call.Failure ?? WriteFailed(e);
        }
    }

    // The status is in the response, which only the reader can drain.
    private RpcException WriteFailed(Exception fault) => call.Stop.IsCancellationRequested
        ? new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled or has ended.", fault))
        : new RpcException(new Status(StatusCode.Unavailable, "The server takes no more messages of this call; its response says why.", fault));

    private void Begin(int next)
    {
        switch (Interlocked.CompareExchange(ref state, next, Idle))
        {
            case Writing:
                throw new InvalidOperationException("The last write is not over: await each write before the next.");
            case Completed:
                throw new InvalidOperationException("The request stream was completed already.");
        }
    }
}
