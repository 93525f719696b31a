using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Carrying;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Carrying;

/// <summary>Where files of bureaus without a line come in and go out, in chunks.</summary>
internal sealed class CarryDesk(CarryFolder folder, CarryExport export, CarryImport import)
{
    private const int ChunkBytes = 256 * 1024;

    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    public async Task OutAsync(Caller by, CarryOutRequest request, IServerStreamWriter<CarryChunk> chunks, CancellationToken cancellationToken)
    {
        var (file, summary) = await WriteAsync(by, request, cancellationToken);
        await using var closing = file;
        file.Position = 0;
        await chunks.WriteAsync(new CarryChunk { Summary = summary }, cancellationToken);
        var buffer = new byte[ChunkBytes];
        while (await file.ReadAtLeastAsync(buffer, ChunkBytes, throwOnEndOfStream: false, cancellationToken) is > 0 and var read)
            await chunks.WriteAsync(new CarryChunk { Data = ByteString.CopyFrom(buffer, 0, read) }, cancellationToken);
    }

    public async Task<CarrySummary> InAsync(Caller by, IAsyncStreamReader<CarryChunk> chunks, CancellationToken cancellationToken)
    {
        await using var file = folder.Spool();
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        CarryChunk? first = null;
        while (await chunks.MoveNext(cancellationToken))
        {
            var chunk = chunks.Current;
            first ??= new CarryChunk { Check = chunk.Check, AcceptGap = chunk.AcceptGap };
            if (chunk.Data.Length > ChunkBytes || file.Length + chunk.Data.Length > CarryFile.LargestFile)
                throw new RefusalException(Reasons.TooLarge, "A file has at most 16 GiB, and a chunk of it at most 256 KiB.", ["data"]);
            sha256.AppendData(chunk.Data.Span);
            await SpoolAsync(file, chunk.Data, cancellationToken);
        }
        if (first is null) throw new RefusalException(Reasons.FieldInvalid, "Send the file in chunks.", ["data"]);
        try
        {
            var digest = UnsafeByteOperations.UnsafeWrap(sha256.GetHashAndReset());
            return await import.TakeAsync(by, file, digest, first.Check, first.AcceptGap, cancellationToken);
        }
        catch (CarryFileException wrong)
        {
            throw new RefusalException(wrong.Reason, wrong.Message, ["data"]);
        }
        catch (IOException disk)
        {
            throw NoRoom(disk);
        }
    }

    private async Task<(Stream File, CarrySummary Summary)> WriteAsync(Caller by, CarryOutRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await export.WriteAsync(by, request, cancellationToken);
        }
        catch (IOException disk)
        {
            throw NoRoom(disk);
        }
    }

    private static async Task SpoolAsync(Stream file, ByteString data, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(data.Memory, cancellationToken);
        }
        catch (IOException disk)
        {
            throw NoRoom(disk);
        }
    }

    private static RefusalException NoRoom(IOException disk)
    {
        var why = disk is DiskKeptFreeException ? "FreeDiskKept stays free" : disk.GetType().Name;
        return new RefusalException(Reasons.StoreUnavailable, $"The node's disk does not take the file ({why}). Make room, and bring or fetch it again.", retryAfter: Again);
    }
}
