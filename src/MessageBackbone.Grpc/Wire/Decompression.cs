using System.Buffers;
using System.Buffers.Binary;
using Grpc.Core;
using Grpc.Net.Compression;

namespace MessageBackbone.GrpcWire;

internal static class Decompression
{
    // A few bytes can announce gigabytes: no byte beyond the limit is ever written, one probe tells whether there would have been one.
    public static PooledSequence Run(ICompressionProvider encoding, ReadOnlySequence<byte> compressed, int? limit)
    {
        var most = limit ?? Array.MaxLength;
        var plain = new PooledSequence();
        try
        {
            using var source = new SequenceStream(compressed);
            using var stream = encoding.CreateDecompressionStream(source);
            while (plain.Length < most)
            {
                var read = stream.Read(plain.GetMemory(most - plain.Length).Span);
                if (read == 0)
                    break;
                plain.Advance(read);
            }

            if (plain.Length == most && stream.ReadByte() >= 0)
                throw ReceiveLimit.ExceededUnpacked(limit);
            ThrowIfCutOff(encoding, compressed, plain.Length);
            return plain;
        }
        catch (InvalidDataException e)
        {
            plain.Dispose();
            throw new RpcException(new Status(StatusCode.Internal, "A compressed message could not be decompressed.", e));
        }
        catch
        {
            plain.Dispose();
            throw;
        }
    }

    // The framework's gzip gives out what there is when its input breaks off. The last four bytes of a whole gzip member are its plain length.
    private static void ThrowIfCutOff(ICompressionProvider encoding, ReadOnlySequence<byte> compressed, int length)
    {
        if (encoding is not GzipCompressionProvider)
            return;
        Span<byte> end = stackalloc byte[sizeof(int)];
        if (compressed.Length > end.Length)
            compressed.Slice(compressed.Length - end.Length).CopyTo(end);
        if (compressed.Length <= end.Length || BinaryPrimitives.ReadInt32LittleEndian(end) != length)
            throw new InvalidDataException("The gzip data breaks off.");
    }
}
