using Grpc.Core;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Asks the node what became of a message, and believes only receipts that verify here.</summary>
internal sealed class Tracker(GatewayParts parts)
{
    private const int MostReceipts = 16, MostSteps = 16;
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10);

    /// <summary>The tracking, or why there is none.</summary>
    public async Task<(TrackingShape? Tracking, string Problem)> TrackAsync(MessageId id, CancellationToken cancellationToken)
    {
        var sha256 = parts.Outbox.Find(id.Value)?.HeaderSha256 ?? parts.Inbox.Find(id.Value)?.HeaderSha256 ?? [];
        if (parts.Options.WithoutLine) return (Carried(id, sha256), "WITHOUT_LINE");
        try
        {
            var deadline = parts.Clock.GetUtcNow().UtcDateTime + _timeout;
            var tracking = await parts.Node.Exchange.TrackAsync(new TrackRequest { MessageId = id.Value }, deadline: deadline, cancellationToken: cancellationToken);
            return (Shape(tracking, id, sha256), "");
        }
        catch (RpcException fault)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return (Carried(id, sha256), NodeRefusal.Of(fault)?.Reason ?? fault.StatusCode.ToString());
        }
    }

    // What the last file told, where the node cannot be asked.
    private TrackingShape? Carried(MessageId id, byte[] headerSha256) =>
        parts.Carried.Tracking(id.Value) is var (tracking, at) ? Shape(tracking, id, headerSha256) with { AsOf = at } : null;

    private TrackingShape Shape(Tracking tracking, MessageId id, byte[] headerSha256) => new(
        ShapeMapping.Time(tracking.AcceptedAt), tracking.Position, [.. tracking.Recipients.Take(500).Select(r => Shape(r, id, headerSha256))]);

    private RecipientShape Shape(RecipientTracking tracking, MessageId id, byte[] headerSha256) => new(
        tracking.Recipient, EnumNames.Of(tracking.State), tracking.Attempts, ShapeMapping.Time(tracking.DeliveredAt), ShapeMapping.Time(tracking.OpenedAt),
        tracking.Reason, tracking.Sequence, [.. tracking.Receipts.Take(MostReceipts).Select(r => Shape(r.Memory, tracking.Recipient, id, headerSha256))],
        ShapeMapping.Time(tracking.QuarantinedAt), tracking.RefusedBy,
        tracking.RedirectedTo, ShapeMapping.Time(tracking.RedirectedAt), tracking.InsteadOf, [.. tracking.Escalations.Take(MostSteps).Select(Shape)],
        RequestShape.Of(tracking.Request));

    private static EscalationShape Shape(EscalationTaken taken) =>
        new(EnumNames.Of(taken.Step), ShapeMapping.Time(taken.At), taken.To, taken.Reason, taken.Alternate);

    private ReceiptShape Shape(ReadOnlyMemory<byte> signed, string recipient, MessageId id, byte[] headerSha256)
    {
        if (!ReceiptBuilding.TryRead(signed, DeliveryReceipt.Parser, out var signedObject, out var receipt, out var problem))
            return new ReceiptShape("", "", null, "", Verified: false, problem);
        problem = Problem(signedObject, receipt, recipient, id, headerSha256);
        return new ReceiptShape(EnumNames.Of(receipt.Outcome), receipt.Reason, ShapeMapping.Time(receipt.At), receipt.Officer, problem.Length == 0, problem);
    }

    private string Problem(SignedObject signed, DeliveryReceipt receipt, string recipient, MessageId id, byte[] headerSha256)
    {
        if (receipt.Recipient != recipient || receipt.MessageId != id.Value) return "The receipt is about another message or recipient.";
        if (!receipt.HeaderSha256.Span.SequenceEqual(headerSha256)) return "The receipt is about another header.";
        var sha256 = Digests.Hex(signed.CertificateSha256);
        if (parts.Directory.Copy.SignCertificates(recipient).FirstOrDefault(c => c.Sha256 == sha256) is not { } certificate)
            return "The signer's certificate is not the recipient's, or is not vouched for.";
        if (certificate.RevokedAt is { } revoked && revoked <= signed.SigningTime) return "The signer's certificate was revoked before.";
        var verdict = parts.Keys.Anchor.Judge(certificate.Certificate, CertificateUse.Sign, signed.SigningTime, HolderRole.Bureau);
        if (!verdict.Ok) return verdict.Problem;
        return signed.VerifySignature() ? "" : "The signature does not verify.";
    }
}
