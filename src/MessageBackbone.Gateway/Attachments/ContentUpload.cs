using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.V1;
using Microsoft.Win32.SafeHandles;

namespace MessageBackbone.Gateway.Attachments;

/// <summary>Brings one file to the node, from where the node's bytes end. After a broken call it is called again: nothing of it is remembered here.</summary>
internal sealed class ContentUpload(NodeChannel node, AttachmentFolder folder)
{
    /// <summary>Returns when the node has all of it.</summary>
    /// <exception cref="RpcException">The node refused, or the call broke.</exception>
    /// <exception cref="IOException">The own file cannot be read, or is not there.</exception>
    public async Task RunAsync(OutgoingAttachment attachment, CancellationToken cancellationToken)
    {
        var held = await HeldAsync(attachment, cancellationToken);
        if (held.Complete) return;
        using var file = AttachmentFolder.OpenRead(folder.Outgoing(attachment.File));
        using var call = node.Content.UploadContent(cancellationToken: cancellationToken);
        try
        {
            await SendAsync(call.RequestStream, file, attachment, (long)held.Size, cancellationToken);
        }
        catch (Exception ended) when (ended is RpcException or InvalidOperationException)
        {
            // The answer says why.
        }
        var receipt = await call;
        if (!receipt.Complete) throw new RpcException(new Status(StatusCode.DataLoss, "The node holds less than was sent."));
    }

    private async Task<ContentReceipt> HeldAsync(OutgoingAttachment attachment, CancellationToken cancellationToken)
    {
        using var call = node.Content.UploadContent(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(First(attachment), cancellationToken);
        await call.RequestStream.CompleteAsync();
        return await call;
    }

    private static async Task SendAsync(
        IClientStreamWriter<ContentChunk> chunks, SafeFileHandle file, OutgoingAttachment attachment, long from, CancellationToken cancellationToken)
    {
        await chunks.WriteAsync(First(attachment), cancellationToken);
        // One buffer for all: a write has been copied to the connection when it returns.
        var piece = new byte[AttachmentFolder.PieceBytes];
        for (var offset = from; offset < attachment.Size;)
        {
            var read = await AttachmentFolder.ReadAsync(file, piece, offset, cancellationToken);
            if (read == 0) break;
            await chunks.WriteAsync(new ContentChunk { Offset = (ulong)offset, Data = UnsafeByteOperations.UnsafeWrap(piece.AsMemory(0, read)) }, cancellationToken);
            offset += read;
        }
        await chunks.CompleteAsync();
    }

    private static ContentChunk First(OutgoingAttachment attachment) =>
        new() { Sha256 = UnsafeByteOperations.UnsafeWrap(attachment.Sha256), TotalSize = (ulong)attachment.Size };
}
