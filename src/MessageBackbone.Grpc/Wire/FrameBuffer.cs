using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;

namespace MessageBackbone.GrpcWire;

// One whole frame (flag, length, message) in one pooled array, written by a marshaller. Used where a message is not written in place.
internal sealed class FrameBuffer(int? limit) : SerializationContext, IBufferWriter<byte>, IDisposable
{
    public const int HeaderSize = 5;
    private const int SmallestBuffer = 256;

    private byte[] array = [];
    private int used;
    private bool complete;

    public ReadOnlyMemory<byte> Frame => array.AsMemory(0, used);

    public ReadOnlySpan<byte> Message => array.AsSpan(HeaderSize, used - HeaderSize);

    public void Write<T>(Marshaller<T> marshaller, T message, ICompressionProvider? compression, CompressionLevel? level)
    {
        Begin();
        marshaller.ContextualSerializer(message, this);
        if (!complete)
            throw new RpcException(new Status(StatusCode.Internal, "The marshaller did not complete the message."));
        SendLimit.Check(used - HeaderSize, limit);
        if (compression is not null)
            Compress(compression, level);
        else
            WriteHeader(compressed: false);
    }

    public override void SetPayloadLength(int payloadLength)
    {
        SendLimit.Check(payloadLength, limit);
        Reserve(payloadLength);
    }

    public override IBufferWriter<byte> GetBufferWriter() => this;

    public override void Complete() => complete = true;

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        SetPayloadLength(payload.Length);
        payload.CopyTo(array, used);
        used += payload.Length;
        complete = true;
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, array.Length - used);
        used += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return array.AsMemory(used);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose()
    {
        Return();
        array = [];
        used = 0;
    }

    private void Begin()
    {
        used = 0;
        complete = false;
        Reserve(HeaderSize + SmallestBuffer);
        used = HeaderSize;
    }

    private void Reserve(int count)
    {
        if (array.Length - used >= count)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(used + count, Math.Min(used * 2, Array.MaxLength))));
        array.AsSpan(0, used).CopyTo(larger);
        Return();
        array = larger;
    }

    private void Return()
    {
        if (array.Length > 0)
            ArrayPool<byte>.Shared.Return(array);
    }

    private void WriteHeader(bool compressed)
    {
        array[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(array.AsSpan(1), used - HeaderSize);
    }

    private void Compress(ICompressionProvider compression, CompressionLevel? level)
    {
        using var squeezed = new FrameBuffer(null);
        squeezed.Begin();
        using (var sink = new BufferWriterStream(squeezed))
        using (var stream = compression.CreateCompressionStream(sink, level))
            stream.Write(Message);
        (array, squeezed.array) = (squeezed.array, array);
        used = squeezed.used;
        WriteHeader(compressed: true);
    }
}

internal static class SendLimit
{
    public static void Check(int length, int? limit)
    {
        if (length > limit)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"A message of {length} bytes to send exceeds the limit of {limit} bytes."));
    }
}

// What a compressor writes into.
internal sealed class BufferWriterStream(IBufferWriter<byte> writer) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer) => writer.Write(buffer);

    public override void Write(byte[] buffer, int offset, int count) => writer.Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
