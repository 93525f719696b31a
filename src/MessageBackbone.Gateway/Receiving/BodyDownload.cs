using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>What came of fetching a body.</summary>
/// <param name="Body">Null: it did not come.</param>
/// <param name="NotServed">The node answered, and does not have it as announced.</param>
internal readonly record struct Fetched(byte[]? Body, bool NotServed);

/// <summary>Fetches bodies that did not come inline, a few at a time in each lane. A broken download goes on where it broke.</summary>
internal sealed class BodyDownload(NodeChannel node, GatewayOptions options, TimeProvider clock, Random jitter, ILogger<BodyDownload> log) : IDisposable
{
    private const int AtOnce = 4;
    private const int Attempts = 6;

    private readonly LaneSlots _slots = new(AtOnce);

    /// <summary>The body whose digest the header names, or none: the node does not have it, or could not be asked in these attempts. Throws only when
    /// cancelled.</summary>
    public Task<Fetched> FetchAsync(MessageHeader header, int lane, CancellationToken cancellationToken) =>
        _slots.RunAsync(lane, () => TryFetchAsync(header, cancellationToken), cancellationToken);

    public void Dispose() => _slots.Dispose();

    private async Task<Fetched> TryFetchAsync(MessageHeader header, CancellationToken cancellationToken)
    {
        var body = new byte[header.BodySize];
        var backoff = new Backoff(options.ReconnectFirst, options.ReconnectMax, OwnJitter());
        var (have, problem, notServed) = (0, "", 0);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (attempt > 0) await Task.Delay(backoff.Next(), clock, cancellationToken);
            try
            {
                await foreach (var count in ChunksAsync(header, body, have, cancellationToken)) have = count;
                if (have == body.Length && Digests.Sha256(body).AsSpan().SequenceEqual(header.BodySha256.Span)) return new Fetched(body, NotServed: false);
                notServed++;
                problem = have == body.Length ? "it has another digest" : "it ended early";
                if (have == body.Length) have = 0;
            }
            catch (RpcException fault)
            {
                cancellationToken.ThrowIfCancellationRequested();
                problem = NodeRefusal.Of(fault)?.Reason ?? fault.StatusCode.ToString();
                // Answers about this content; every other fault is about the node or the way to it.
                if (fault.StatusCode is StatusCode.NotFound or StatusCode.InvalidArgument or StatusCode.OutOfRange or StatusCode.DataLoss) notServed++;
            }
            if (notServed >= options.QuarantineAfter) break;
        }
        GatewayLog.BodyNotFetched(log, header.MessageId, problem);
        return new Fetched(null, notServed >= options.QuarantineAfter);
    }

    // Several fetches run at a time, and Random is not for concurrent use.
    private Random OwnJitter()
    {
        lock (jitter) return new Random(jitter.Next());
    }

    // Each value is the number of bytes that are there now.
    private async IAsyncEnumerable<int> ChunksAsync(
        MessageHeader header, byte[] body, int from, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ContentRequest { MessageId = header.MessageId, Sha256 = header.BodySha256, Offset = (ulong)from };
        using var call = node.For(header.Precedence, header.BodySize).DownloadContent(
            request, deadline: clock.GetUtcNow().UtcDateTime + options.SubmitTimeout, cancellationToken: cancellationToken);
        var have = from;
        while (have < body.Length && await call.ResponseStream.MoveNext(cancellationToken))
        {
            var chunk = call.ResponseStream.Current;
            if (chunk.Offset != (ulong)have || chunk.Data.Length == 0 || chunk.Data.Length > body.Length - have)
                throw new RpcException(new Status(StatusCode.DataLoss, "The node sent another part than the one asked for."));
            chunk.Data.Span.CopyTo(body.AsSpan(have));
            yield return have += chunk.Data.Length;
        }
    }
}
