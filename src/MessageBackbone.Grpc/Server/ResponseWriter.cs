using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;
using MessageBackbone.GrpcWire;

namespace MessageBackbone.GrpcServer;

// Writes the messages of a response straight into the response's pipe when their length is known beforehand, as protobuf's is.
internal sealed class ResponseWriter(ServerCall call) : SerializationContext, IBufferWriter<byte>
{
    private PipeWriter? pipe;
    private ArrayBufferWriter<byte>? unsized;
    private int announced = -1;
    private int written;
    private bool complete;

    // A frame was begun and not finished: nothing that follows could be understood.
    public bool IsBroken { get; private set; }

    // The only message of its call: it leaves together with the trailers.
    public async ValueTask WriteLastAsync<T>(Marshaller<T> marshaller, T message)
    {
        call.BeginWrite();
        try
        {
            await call.StartResponseAsync(default);
            WriteFrame(marshaller, message, call.WriteOptions?.Flags ?? default);
        }
        finally
        {
            await call.EndWriteAsync();
        }
    }

    public async ValueTask WriteAsync<T>(Marshaller<T> marshaller, T message, WriteFlags flags, CancellationToken cancellationToken)
    {
        call.BeginWrite();
        try
        {
            await call.StartResponseAsync(cancellationToken);
            WriteFrame(marshaller, message, flags);
            if (!flags.HasFlag(WriteFlags.BufferHint))
                await FlushAsync(cancellationToken);
        }
        finally
        {
            await call.EndWriteAsync();
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        SendLimit.Check(payloadLength, call.Settings.SendLimit);
        announced = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (announced < 0)
            return unsized ??= new ArrayBufferWriter<byte>();
        WriteHeader(announced);
        return this;
    }

    public override void Complete()
    {
        if (unsized is not null)
            Complete(unsized.WrittenSpan.ToArray());
        complete = true;
    }

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        SetPayloadLength(payload.Length);
        WriteHeader(payload.Length);
        this.Write(payload);
        complete = true;
    }

    public void Advance(int count)
    {
        pipe!.Advance(count);
        written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => pipe!.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => pipe!.GetSpan(sizeHint);

    private void WriteFrame<T>(Marshaller<T> marshaller, T message, WriteFlags flags)
    {
        pipe ??= call.Http.Response.BodyWriter;
        if (call.ResponseEncoding is { } encoding && !flags.HasFlag(WriteFlags.NoCompress))
        {
            using var frame = new FrameBuffer(call.Settings.SendLimit);
            frame.Write(marshaller, message, encoding, call.Settings.CompressionLevel);
            pipe.Write(frame.Frame.Span);
            return;
        }

        WriteInPlace(marshaller, message);
    }

    private void WriteInPlace<T>(Marshaller<T> marshaller, T message)
    {
        announced = -1;
        written = 0;
        complete = false;
        unsized = null;
        try
        {
            marshaller.ContextualSerializer(message, this);
        }
        finally
        {
            IsBroken = announced >= 0 && written > 0 && written != announced + FrameBuffer.HeaderSize;
        }

        if (IsBroken || !complete)
            throw new RpcException(new Status(StatusCode.Internal, "The marshaller did not write the message that it announced."));
    }

    private void WriteHeader(int length)
    {
        var header = pipe!.GetSpan(FrameBuffer.HeaderSize);
        header[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
        Advance(FrameBuffer.HeaderSize);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        var token = cancellationToken.CanBeCanceled ? cancellationToken : call.ReadToken;
        var flushed = await pipe!.FlushAsync(token);
        if (flushed.IsCanceled || flushed.IsCompleted)
            throw ServerCall.ClientGone(null);
    }
}
