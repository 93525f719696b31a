using System.Threading.Channels;
using Grpc.Core;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>A receipt that this stream carried and the node has not answered, with the token that the node repeats.</summary>
/// <param name="OfDelivery">It answers a delivery of this stream, and not one of an earlier stream.</param>
internal sealed record SentReceipt(string MessageId, byte[] HeaderSha256, ReceiptKind Kind, int Outcome, string Token, byte[] Signed, bool OfDelivery);

/// <summary>
/// The outgoing half of an attendance: one writer, and the memory of what is under way. A receipt that is not answered on this stream is sent again on the next.
/// </summary>
internal sealed class ReceiptOutlet(IClientStreamWriter<FromGateway> stream)
{
    private readonly Channel<FromGateway> _queue = Channel.CreateBounded<FromGateway>(256);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SentReceipt> _unanswered = new(StringComparer.Ordinal);

    /// <summary>Receipts that wait for the node's answer, each with its bytes in memory.</summary>
    public int Unanswered
    {
        get { lock (_gate) return _unanswered.Count; }
    }

    public async ValueTask SendAsync(SentReceipt receipt, CancellationToken cancellationToken)
    {
        lock (_gate) _unanswered[receipt.Token] = receipt;
        var frame = new FromGateway
        {
            Receipt = new Receipt { DeliveryId = receipt.Token, Signed = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(receipt.Signed) },
        };
        await _queue.Writer.WriteAsync(frame, cancellationToken);
    }

    /// <summary>What the node's answer is about; null for an answer that nobody waits for: a repeat.</summary>
    public SentReceipt? Answered(string token)
    {
        lock (_gate) return _unanswered.Remove(token, out var sent) ? sent : null;
    }

    /// <summary>Writes until cancelled or the stream breaks; why it broke is told by the reading half.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var frame in _queue.Reader.ReadAllAsync(cancellationToken)) await stream.WriteAsync(frame, cancellationToken);
        }
        catch (Exception broken) when (broken is RpcException or InvalidOperationException or IOException)
        {
            _queue.Writer.TryComplete(broken);
        }
    }
}
