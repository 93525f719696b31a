using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace MessageBackbone.Gateway.Attachments;

/// <summary>
/// Fetches the attachments of messages that are in the inbox already, in the background: one at a time of each precedence, on a connection of their own. A broken
/// fetch goes on where the file ends, also after a crash.
/// </summary>
internal sealed class Fetching(
    AttachmentRows rows, AttachmentFolder folder, NodeChannel node, Signal came, GatewayObservers observers, GatewayOptions options,
    TimeProvider clock, Random jitter, ILogger<Fetching> log)
{
    private const int Levels = 4;
    private const int MostWrong = 3;
    private const long LookAgainBytes = 64 << 20;

    /// <summary>Bytes that are here of an attachment.</summary>
    public long Held(IncomingAttachment attachment) => AttachmentFolder.Length(folder.Incoming(attachment.MessageId, attachment.Sha256));

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(1, Levels).Select(level => RunAsync(level, cancellationToken)));

    private async Task RunAsync(int precedence, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var next = came.Next();
                if (rows.NextToRemove(precedence) is { } withdrawn) await RemoveAsync(withdrawn, cancellationToken);
                else if (rows.NextToFetch(precedence) is { } attachment) await FetchAsync(attachment, cancellationToken);
                else await next.WaitAsync(cancellationToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // The store, or a fault of our own: fetching goes on for what comes after.
                GatewayLog.AttachmentsFailed(log, fault);
                await Task.Delay(options.ReconnectMax, clock, cancellationToken);
            }
        }
    }

    // The file first: a crash between the two does it again.
    private Task RemoveAsync(IncomingAttachment withdrawn, CancellationToken cancellationToken)
    {
        File.Delete(folder.Incoming(withdrawn.MessageId, withdrawn.Sha256));
        return rows.RemoveAsync(withdrawn, cancellationToken);
    }

    private async Task FetchAsync(IncomingAttachment attachment, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options.ReconnectFirst, options.ReconnectMax, OwnJitter());
        for (var wrong = 0; rows.IsWanted(attachment);)
        {
            var problem = "";
            try
            {
                if (folder.FreeBytes() < options.FreeDiskKept) problem = "DISK_FULL";
                else if (await TryAsync(attachment, cancellationToken))
                {
                    await rows.SetStateAsync(attachment, ArrivalState.Here, "", cancellationToken);
                    observers.Tell(new GatewayEvent.AttachmentHere(MessageId.Parse(attachment.MessageId), clock.GetUtcNow()));
                    return;
                }
                else if (++wrong == MostWrong)
                {
                    await FailAsync(attachment, Reasons.ContentMismatch, cancellationToken);
                    return;
                }
            }
            catch (RpcException fault)
            {
                cancellationToken.ThrowIfCancellationRequested();
                problem = NodeRefusal.Of(fault)?.Reason ?? fault.StatusCode.ToString();
                if (problem is Reasons.UnknownMessage or Reasons.FieldInvalid)
                {
                    await FailAsync(attachment, problem, cancellationToken);
                    return;
                }
            }
            catch (IOException fault)
            {
                problem = fault.GetType().Name;
            }
            GatewayLog.FetchPaused(log, attachment.MessageId, problem.Length > 0 ? problem : Reasons.ContentMismatch);
            await Task.Delay(backoff.Next(), clock, cancellationToken);
        }
    }

    private async Task FailAsync(IncomingAttachment attachment, string reason, CancellationToken cancellationToken)
    {
        GatewayLog.FetchFailed(log, attachment.MessageId, reason);
        await rows.SetStateAsync(attachment, ArrivalState.Failed, reason, cancellationToken);
    }

    // False: all of it came, and it is something else. Then nothing of it stays.
    private async Task<bool> TryAsync(IncomingAttachment attachment, CancellationToken cancellationToken)
    {
        var path = folder.Incoming(attachment.MessageId, attachment.Sha256);
        if (AttachmentFolder.Length(path) > attachment.Size) File.Delete(path);
        bool isIt;
        using (var file = AttachmentFolder.OpenWrite(path))
        {
            var held = RandomAccess.GetLength(file);
            if (held < attachment.Size) await DownloadAsync(attachment, file, held, cancellationToken);
            RandomAccess.FlushToDisk(file);
            isIt = (await AttachmentFolder.HashAsync(file, cancellationToken)).AsSpan().SequenceEqual(attachment.Sha256);
        }
        if (!isIt) File.Delete(path);
        return isIt;
    }

    private async Task DownloadAsync(IncomingAttachment attachment, SafeFileHandle file, long held, CancellationToken cancellationToken)
    {
        var request = new ContentRequest
        {
            MessageId = attachment.MessageId,
            Sha256 = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(attachment.Sha256),
            Offset = (ulong)held,
        };
        using var call = node.Content.DownloadContent(request, cancellationToken: cancellationToken);
        while (held < attachment.Size && await call.ResponseStream.MoveNext(cancellationToken))
        {
            var chunk = call.ResponseStream.Current;
            if (chunk.Offset != (ulong)held || chunk.Data.Length == 0 || chunk.Data.Length > attachment.Size - held)
                throw new RpcException(new Status(StatusCode.DataLoss, "The node sent another part than the one asked for."));
            await RandomAccess.WriteAsync(file, chunk.Data.Memory, held, cancellationToken);
            held += chunk.Data.Length;
            if (held % LookAgainBytes >= chunk.Data.Length) continue;
            if (folder.FreeBytes() < options.FreeDiskKept) throw new IOException("The disk is too full.");
            if (!rows.IsWanted(attachment)) throw new RpcException(new Status(StatusCode.Cancelled, "Its message was recalled."));
        }
        if (held < attachment.Size) throw new RpcException(new Status(StatusCode.Unavailable, "It ended early."));
    }

    // Several fetches run at a time, and Random is not for concurrent use.
    private Random OwnJitter()
    {
        lock (jitter) return new Random(jitter.Next());
    }
}
