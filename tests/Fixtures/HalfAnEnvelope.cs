using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace MessageBackbone.Fixtures;

/// <summary>A gRPC message whose prefix names its whole length, and of which only half comes; then the stream ends, or the connection breaks.</summary>
internal sealed class HalfAnEnvelope : HttpContent
{
    private readonly byte[] _message;
    private readonly bool _abort;

    public HalfAnEnvelope(IMessage message, bool abort)
    {
        _message = message.ToByteArray();
        _abort = abort;
        Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var prefix = new byte[5];
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), _message.Length);
        await stream.WriteAsync(prefix);
        await stream.WriteAsync(_message.AsMemory(0, _message.Length / 2));
        await stream.FlushAsync();
        if (_abort)
        {
            throw new IOException("The sender is gone.");
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
