using System.Net;
using MessageBackbone.GrpcWire;

namespace MessageBackbone.GrpcClient;

// The one message of a request, already framed.
internal sealed class MessageContent : HttpContent
{
    private readonly FrameBuffer frame;

    public MessageContent(FrameBuffer frame)
    {
        this.frame = frame;
        Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        await stream.WriteAsync(frame.Frame, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = frame.Frame.Length;
        return true;
    }
}

// A request that stays open: the writer gets the transport's stream as soon as there is one.
internal sealed class StreamingContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StreamingContent() => Headers.TryAddWithoutValidation("Content-Type", "application/grpc");

    public Task<Stream> Opened => opened.Task;

    // Ends the request stream.
    public void Close() => closed.TrySetResult();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The request's headers leave before the first message, so that the server can answer first.
        await stream.FlushAsync(cancellationToken);
        opened.TrySetResult(stream);
        await closed.Task.WaitAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
