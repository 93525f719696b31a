using System.Buffers;
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
                    return plain;
                plain.Advance(read);
            }

            if (stream.ReadByte() >= 0)
                throw ReceiveLimit.ExceededUnpacked(limit);
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
}
