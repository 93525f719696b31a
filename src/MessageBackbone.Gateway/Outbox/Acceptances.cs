using System.Diagnostics.CodeAnalysis;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Outbox;

/// <summary>Judges the node's receipts: signed by a certificate of role node that the own CA vouches for, over this very header.</summary>
internal sealed class Acceptances(KeyRing keys, TimeProvider clock)
{
    public bool TryVerify(
        ReadOnlyMemory<byte> signed, ReadOnlySpan<byte> headerSha256, [NotNullWhen(true)] out AcceptanceReceipt? receipt, out string problem)
    {
        if (!ReceiptBuilding.TryRead(signed, AcceptanceReceipt.Parser, out var signedObject, out receipt, out problem)) return false;
        var verdict = keys.Anchor.Judge(signedObject.CertificateDer, CertificateUse.Sign, clock.GetUtcNow(), HolderRole.Node);
        if (!verdict.Ok) problem = verdict.Problem;
        else if (!receipt.HeaderSha256.Span.SequenceEqual(headerSha256)) problem = "The receipt is about another header.";
        else if (!MessageId.TryParse(receipt.MessageId, out _)) problem = "The receipt names no message id.";
        else if (!TimestampReading.TryRead(receipt.AcceptedAt, out _)) problem = "The receipt has no time.";
        else if (!signedObject.VerifySignature()) problem = "The signature does not verify.";
        return problem.Length == 0;
    }
}
