using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;

namespace MessageBackbone.GrpcWire;

// Cuts the messages of one direction of a call out of its pipe and parses each where it lies; nothing is copied unless it was compressed.
internal sealed class MessageReader(PipeReader pipe, int? limit) : DeserializationContext
{
    private ReadOnlySequence<byte> payload;

    // The encoding that the peer's grpc-encoding named; null for identity.
    public ICompressionProvider? Encoding { get; set; }

    public override int PayloadLength => (int)payload.Length;

    public override byte[] PayloadAsNewBuffer() => payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => payload;

    // Exactly one message and then the end of the stream; null where the stream ended without one.
    public async ValueTask<T?> ReadSingleAsync<T>(Func<DeserializationContext, T> parse, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            var read = await pipe.ReadAsync(cancellationToken);
            ThrowIfCanceled(read);
            var buffer = read.Buffer;
            var found = TryCut(buffer, out var frame);
            if (found && frame.End < buffer.Length)
                throw Broken("The peer sent more than one message where the method takes one.");
            if (read.IsCompleted)
            {
                var message = found ? Parse(buffer, frame, parse) : EndOfStream<T>(buffer);
                pipe.AdvanceTo(buffer.End);
                return message;
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    // The next message, or null at the end of the stream.
    public async ValueTask<T?> ReadNextAsync<T>(Func<DeserializationContext, T> parse, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            var read = await pipe.ReadAsync(cancellationToken);
            ThrowIfCanceled(read);
            var buffer = read.Buffer;
            if (TryCut(buffer, out var frame))
            {
                var message = Parse(buffer, frame, parse);
                pipe.AdvanceTo(buffer.GetPosition(frame.End));
                return message;
            }

            if (read.IsCompleted)
            {
                pipe.AdvanceTo(buffer.Start, buffer.End);
                return EndOfStream<T>(buffer);
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static T? EndOfStream<T>(ReadOnlySequence<byte> buffer)
        where T : class =>
        buffer.IsEmpty ? null : throw Broken("The stream ended in the middle of a message.");

    private static RpcException Broken(string detail) => new(new Status(StatusCode.Internal, detail));

    private static void ThrowIfCanceled(ReadResult read)
    {
        if (read.IsCanceled)
            throw new OperationCanceledException("Reading the stream was cancelled.");
    }

    // True when a whole frame is there. The announced length is judged as soon as its five bytes are, before anything is waited for or held.
    private bool TryCut(in ReadOnlySequence<byte> buffer, out Frame frame)
    {
        frame = default;
        if (buffer.Length < FrameBuffer.HeaderSize)
            return false;
        Span<byte> header = stackalloc byte[FrameBuffer.HeaderSize];
        buffer.Slice(0, FrameBuffer.HeaderSize).CopyTo(header);
        if (header[0] > 1)
            throw Broken("The first byte of a message is neither 0 nor 1.");
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > (uint)(limit ?? Array.MaxLength))
            throw ReceiveLimit.Exceeded(length, limit);
        frame = new Frame(header[0] == 1, (int)length);
        return buffer.Length >= frame.End;
    }

    private T Parse<T>(in ReadOnlySequence<byte> buffer, Frame frame, Func<DeserializationContext, T> parse)
    {
        payload = buffer.Slice(FrameBuffer.HeaderSize, frame.Length);
        if (!frame.Compressed)
            return Deserialize(parse);
        if (Encoding is null)
            throw Broken("A message is marked as compressed, but no message encoding was announced.");
        using var plain = Decompression.Run(Encoding, payload, limit);
        payload = plain.AsSequence();
        return Deserialize(parse);
    }

    private T Deserialize<T>(Func<DeserializationContext, T> parse)
    {
        try
        {
            return parse(this);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException e)
        {
            throw new RpcException(new Status(StatusCode.Internal, "A message could not be parsed.", e));
        }
        finally
        {
            payload = default;
        }
    }

    private readonly record struct Frame(bool Compressed, int Length)
    {
        public long End => FrameBuffer.HeaderSize + (long)Length;
    }
}

internal static class ReceiveLimit
{
    public static RpcException Exceeded(long length, int? limit) =>
        new(new Status(StatusCode.ResourceExhausted, $"A received message of {length} bytes exceeds the limit of {limit ?? Array.MaxLength} bytes."));

    public static RpcException ExceededUnpacked(int? limit) =>
        new(new Status(StatusCode.ResourceExhausted, $"A received message exceeds the limit of {limit ?? Array.MaxLength} bytes once decompressed."));
}
