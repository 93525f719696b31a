using System.Threading.Channels;
using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Signing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Attachments;

/// <summary>
/// Messages whose attachments the node does not have yet. Each precedence has a line of its own and nobody else waits for it; a message goes into the outbox's
/// queue when the node has all its files. What waits here is in the store as well, so a crash loses nothing.
/// </summary>
internal sealed class Uploads(
    AttachmentRows rows, ContentUpload upload, OutboxQueue queue, Answers answers, GatewayOptions options, TimeProvider clock, Random jitter, ILogger<Uploads> log)
{
    private const string Lost = "ATTACHMENT_LOST";

    private readonly Channel<WaitingMessage>[] _lines = [.. Enumerable.Range(0, 5).Select(_ => Channel.CreateUnbounded<WaitingMessage>())];

    /// <summary>Straight into the queue where the message has no attachment.</summary>
    public void Put(WaitingMessage message)
    {
        if (rows.OutgoingOf(message.MessageId).Count == 0) queue.Put(message);
        else _lines[Math.Clamp(message.Precedence, 0, _lines.Length - 1)].Writer.TryWrite(message);
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_lines.Select(line => RunAsync(line.Reader, cancellationToken)));

    private async Task RunAsync(ChannelReader<WaitingMessage> line, CancellationToken cancellationToken)
    {
        await foreach (var message in line.ReadAllAsync(cancellationToken))
        {
            try
            {
                if (await BringAsync(message, cancellationToken) is { } refusal) await answers.NotUploadedAsync(message, refusal.Reason, refusal.Text);
                else queue.Put(message);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // The store, or a fault of our own: the message waits on behind the others of its line.
                GatewayLog.AttachmentsFailed(log, fault);
                await Task.Delay(options.ReconnectMax, clock, cancellationToken);
                Put(message);
            }
        }
    }

    // Null: the node has all of it.
    private async Task<NodeRefusal?> BringAsync(WaitingMessage message, CancellationToken cancellationToken)
    {
        foreach (var attachment in rows.OutgoingOf(message.MessageId))
            if (await BringAsync(message, attachment, cancellationToken) is { } refusal) return refusal;
        return null;
    }

    private async Task<NodeRefusal?> BringAsync(WaitingMessage message, OutgoingAttachment attachment, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options.ReconnectFirst, options.ReconnectMax, OwnJitter());
        while (true)
        {
            TimeSpan? told = null;
            try
            {
                await upload.RunAsync(attachment, cancellationToken);
                return null;
            }
            catch (RpcException fault) when (NodeRefusal.Of(fault) is { } refusal)
            {
                if (IsFinal(refusal)) return refusal;
                told = refusal.RetryAfter;
                GatewayLog.UploadPaused(log, message.MessageId, refusal.Reason);
            }
            catch (RpcException fault)
            {
                cancellationToken.ThrowIfCancellationRequested();
                GatewayLog.UploadPaused(log, message.MessageId, fault.StatusCode.ToString());
            }
            catch (FileNotFoundException)
            {
                return new NodeRefusal(
                    Lost, "A file of the message is not in the gateway's data folder any more. Send the message again.", [], null, new Dictionary<string, string>());
            }
            catch (IOException fault)
            {
                GatewayLog.UploadPaused(log, message.MessageId, fault.GetType().Name);
            }
            var pause = backoff.Next();
            await Task.Delay(told > pause ? told.Value : pause, clock, cancellationToken);
        }
    }

    // Another offset than the node's comes of a race with an older call of our own: what it holds is asked anew.
    private static bool IsFinal(NodeRefusal refusal) => refusal.Reason is Reasons.TooLarge or Reasons.Malformed
        || (refusal.Reason == Reasons.FieldInvalid && !refusal.Metadata.ContainsKey("held"));

    // The lines run at a time, and Random is not for concurrent use.
    private Random OwnJitter()
    {
        lock (jitter) return new Random(jitter.Next());
    }
}
