using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>Signs what a receipt says once more, after the node refused its signer: what it says stays as it was (decision 0065).</summary>
internal sealed class ReceiptSigning(KeyRing keys, ReceiptStore receipts, TimeProvider clock, ILogger log)
{
    /// <summary>
    /// The receipt to send now: signed with another key where the files hold one, else as it was. Null: the node has recorded it meanwhile.
    /// </summary>
    public async Task<SentReceipt?> AgainAsync(SentReceipt refused, CancellationToken cancellationToken)
    {
        keys.TryReload(log);
        var sign = keys.Keys.Sign!;
        if (!ReceiptBuilding.TryRead(refused.Signed, DeliveryReceipt.Parser, out var before, out var content, out _)
            || before.CertificateDer.Span.SequenceEqual(sign.RawDataMemory.Span)) return refused;
        var signed = ReceiptBuilding.Delivery(content, sign, clock.GetUtcNow());
        var stored = await receipts.ReplaceAsync(refused.MessageId, refused.HeaderSha256, refused.Kind, refused.Signed, signed, cancellationToken);
        if (stored is null) return null;
        GatewayLog.ReceiptSignedAgain(log, refused.MessageId);
        return refused with { Signed = stored };
    }
}
