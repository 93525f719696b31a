using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Domain;
using MessageBackbone.Node.Content;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Win32.SafeHandles;

namespace MessageBackbone.Node.Accepting;

/// <summary>DownloadContent: a message's body or one of its attachments, for its parties only. A reader that is slow holds one chunk of memory and no thread.</summary>
internal sealed class DownloadCall(Tracker tracker, ContentStore bodies, AttachmentStore attachments, AttachmentTransfers transfers)
{
    // Below what the reader's runtime puts on its heap of large objects: tens of thousands of them in a row are then cheap to collect.
    private const int PieceBytes = 64 * 1024;

    public async Task RunAsync(Caller caller, ContentRequest request, IServerStreamWriter<ContentChunk> chunks, CancellationToken cancellationToken)
    {
        var (sha256, size, isBody) = await FindAsync(request, caller, cancellationToken);
        if (request.Offset > size)
        {
            throw new RefusalException(Reasons.FieldInvalid, "The offset is beyond the end of the content.", ["offset"]);
        }

        if (isBody) await SendBodyAsync(sha256, size, request, chunks, cancellationToken);
        else await SendAttachmentAsync(caller, sha256, size, request, chunks, cancellationToken);
    }

    // The message and both stores are looked up whatever the first says, so that a stranger cannot tell by the time which of them exists.
    private async Task<(Fingerprint Sha256, ulong Size, bool IsBody)> FindAsync(ContentRequest request, Caller caller, CancellationToken cancellationToken)
    {
        var named = Fingerprint.TryRead(request.Sha256.Span, out var sha256);
        var found = await tracker.FindAsync(caller, request.MessageId, cancellationToken);
        var (body, attachment) = (bodies.Size(sha256), attachments.Size(sha256));
        if (!named || found?.Accepted.Content is not { } header) throw Tracker.Unknown();
        if (header.BodySha256.Equals(request.Sha256) && body is { } bytes) return (sha256, (ulong)bytes, true);
        return header.Attachments.Any(one => one.Sha256.Equals(request.Sha256)) && attachment is { } size ? (sha256, (ulong)size, false) : throw Tracker.Unknown();
    }

    private async Task SendBodyAsync(
        Fingerprint sha256, ulong size, ContentRequest request, IServerStreamWriter<ContentChunk> chunks, CancellationToken cancellationToken)
    {
        for (var offset = request.Offset; offset < size;)
        {
            var bytes = bodies.ReadChunk(sha256, (long)offset) ?? throw Tracker.Unknown();
            await chunks.WriteAsync(Chunk(request, offset, bytes, size), cancellationToken);
            offset += (ulong)bytes.Length;
        }
    }

    private async Task SendAttachmentAsync(
        Caller caller, Fingerprint sha256, ulong size, ContentRequest request, IServerStreamWriter<ContentChunk> chunks, CancellationToken cancellationToken)
    {
        using var transfer = transfers.Begin(caller.Name);
        using var file = attachments.OpenRead(sha256) ?? throw Tracker.Unknown();
        // One buffer for all: a write has been copied to the connection when it returns.
        var piece = new byte[PieceBytes];
        for (var offset = request.Offset; offset < size;)
        {
            var read = await ReadAsync(file, (long)offset, piece.AsMemory(0, (int)Math.Min(PieceBytes, size - offset)), cancellationToken);
            await chunks.WriteAsync(Chunk(request, offset, piece.AsMemory(0, read), size), cancellationToken);
            offset += (ulong)read;
        }
    }

    private static async Task<int> ReadAsync(SafeFileHandle file, long offset, Memory<byte> piece, CancellationToken cancellationToken)
    {
        try
        {
            return await RandomAccess.ReadAsync(file, piece, offset, cancellationToken) is > 0 and var read
                ? read
                : throw new ContentUnavailableException("An attachment is shorter on disk than it was.");
        }
        catch (IOException fault)
        {
            throw new ContentUnavailableException("An attachment cannot be read now.", fault);
        }
    }

    private static ContentChunk Chunk(ContentRequest request, ulong offset, ReadOnlyMemory<byte> bytes, ulong size) =>
        new() { Sha256 = request.Sha256, Offset = offset, Data = UnsafeByteOperations.UnsafeWrap(bytes), TotalSize = size };
}
