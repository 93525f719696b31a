using System.Globalization;
using Grpc.Core;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Contents;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>UploadContent: chunk by chunk into the store; when the content is whole the fact is recorded, and only then the receipt says so.</summary>
internal sealed class UploadCall(AttachmentStore attachments, AttachmentTransfers transfers, EventRecorder recorder, NodeLimits limits, TimeProvider clock)
{
    public async Task<ContentReceipt> RunAsync(Caller caller, IAsyncStreamReader<ContentChunk> chunks, CancellationToken cancellationToken)
    {
        if (!await chunks.MoveNext(cancellationToken))
        {
            throw new RefusalException(Reasons.Malformed, "Send a chunk that names the content, at least without data.");
        }

        var (sha256, total) = Named(chunks.Current);
        await using var upload = await attachments.OpenAsync(sha256, caller.Name, total, cancellationToken);
        if (upload.IsComplete && upload.Held != total)
        {
            throw new RefusalException(Reasons.FieldInvalid, "Name the size of what was uploaded: it is here with another one.", ["total_size"]);
        }

        using var transfer = transfers.Begin(caller.Name);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, upload.Superseded);
        try
        {
            await TakeAsync(upload, chunks, total, ends.Token);
            if (upload.IsComplete) await RecordAsync(caller, sha256, total, ends.Token);
        }
        catch (OperationCanceledException) when (upload.Superseded.IsCancellationRequested)
        {
            throw new RefusalException(Reasons.Superseded, "Leave this upload to the newer call of your bureau for the same content.");
        }

        return new ContentReceipt { Sha256 = sha256.ToByteString(), Size = (ulong)upload.Held, Complete = upload.IsComplete };
    }

    private (Fingerprint Sha256, long Total) Named(ContentChunk first)
    {
        if (!Fingerprint.TryRead(first.Sha256.Span, out var sha256))
        {
            throw new RefusalException(Reasons.FieldInvalid, "Name the content by its SHA-256: 32 bytes.", ["sha256"]);
        }

        return first.TotalSize <= (ulong)limits.AttachmentBytes
            ? (sha256, (long)first.TotalSize)
            : throw new RefusalException(Reasons.TooLarge, $"An attachment has at most {limits.AttachmentBytes} bytes. Send it in parts.", ["total_size"]);
    }

    private static async Task TakeAsync(AttachmentUpload upload, IAsyncStreamReader<ContentChunk> chunks, long total, CancellationToken cancellationToken)
    {
        var (named, began) = (chunks.Current.Sha256, false);
        do
        {
            var chunk = chunks.Current;
            Require(chunk, upload, named, total);
            if (upload.IsComplete || (chunk.Data.IsEmpty && total > 0)) continue;
            if (!began) await BeginAsync(upload, cancellationToken);
            if (!began && upload.Held != (long)chunk.Offset) throw OtherOffset(upload);
            began = true;
            await upload.WriteAsync(chunk.Data.Memory, cancellationToken);
            if (upload.Held == total && !await upload.CompleteAsync(cancellationToken)) throw OtherHash();
        }
        while (!upload.IsComplete && await chunks.MoveNext(cancellationToken));
        // All bytes came in earlier calls, and the node went down before it had hashed them.
        if (!upload.IsComplete && upload.Held == total)
        {
            await BeginAsync(upload, cancellationToken);
            if (!await upload.CompleteAsync(cancellationToken)) throw OtherHash();
        }
    }

    private static void Require(ContentChunk chunk, AttachmentUpload upload, Google.Protobuf.ByteString named, long total)
    {
        if (chunk.Data.Length > AttachmentStore.ChunkBytes)
        {
            throw new RefusalException(Reasons.TooLarge, $"A chunk has at most {AttachmentStore.ChunkBytes} bytes of data.", ["data"]);
        }

        if ((!chunk.Sha256.IsEmpty && !chunk.Sha256.Equals(named)) || (chunk.TotalSize != 0 && chunk.TotalSize != (ulong)total))
        {
            throw new RefusalException(Reasons.FieldInvalid, "Name one content in one call, with one size.", ["sha256", "total_size"]);
        }

        if (chunk.Data.IsEmpty || upload.IsComplete) return;
        // What is more than was announced begins anew, and then it is no gap.
        var held = upload.Held > total ? 0 : upload.Held;
        if (chunk.Offset != (ulong)held) throw OtherOffset(upload);
        if (chunk.Data.Length > total - held)
        {
            throw new RefusalException(Reasons.FieldInvalid, "Send no more bytes than `total_size` says.", ["data"]);
        }
    }

    private static async Task BeginAsync(AttachmentUpload upload, CancellationToken cancellationToken)
    {
        if (!await upload.TryBeginAsync(cancellationToken))
        {
            throw new RefusalException(
                Reasons.QuotaExceeded, "Your bureau has uploaded too much that no accepted message names. Send those messages first, or wait a day.",
                retryAfter: TimeSpan.FromMinutes(1));
        }
    }

    // A repeat after a crash between the file and the fact records it then.
    private async Task RecordAsync(Caller caller, Fingerprint sha256, long total, CancellationToken cancellationToken) => await recorder.DecideAsync(
        StreamId.Content(sha256.ToString()),
        UploadedContent.Unknown,
        UploadedContent.Evolve,
        state => UploadedContent.Decide(state, new RecordUpload(sha256, (ulong)total, caller.Name, clock.GetUtcNow())),
        new Provenance(caller.Holder.Uri, sha256.ToString()),
        cancellationToken);

    private static RefusalException OtherOffset(AttachmentUpload upload) => new(
        Reasons.FieldInvalid, "Go on where the node's bytes end: at the offset that `held` says.", ["offset"],
        metadata: new Dictionary<string, string>(StringComparer.Ordinal) { ["held"] = upload.Held.ToString(CultureInfo.InvariantCulture) });

    private static RefusalException OtherHash() =>
        new(Reasons.FieldInvalid, "Upload it again from its first byte: what came has another SHA-256 than the one named, and was discarded.", ["sha256"]);
}
