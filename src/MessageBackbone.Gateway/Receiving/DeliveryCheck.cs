using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Gateway.Directory;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Outbox;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Receiving;

/// <summary>Decides what a delivery is, by the recipient's checks of the contract against the verified copy of the directory, and signs the receipt.</summary>
/// <param name="byLine">The node can be asked. Else all that there is came in a file: what is missing in it is not waited for.</param>
internal sealed class DeliveryCheck(
    KeyRing keys, DirectoryBook directory, Acceptances acceptances, BodyDownload downloads, InboxStore inbox, Quarantining quarantining, RecallAnswers recalls,
    TimeProvider clock, ILogger<DeliveryCheck> log, bool byLine = true)
{
    // The largest body that the contract lets pass, and room for longer names of issuers.
    private const ulong LargestBody = 2 << 20;

    /// <summary>Throws when the node or the store cannot be asked: then nothing is known about the delivery. What fails for a reason of this delivery alone is
    /// tried again and then kept apart.</summary>
    public Task<Judged> JudgeAsync(Delivery delivery, Peeked peeked, string house, CancellationToken cancellationToken) => quarantining.TryAsync(
        MessageId.TryParse(peeked.Header?.MessageId, out var id) ? id.Value : "?", () => CheckAsync(delivery, peeked, house, cancellationToken),
        () => Apart(delivery, peeked), cancellationToken);

    // Named by what the header says of itself: nothing of it could be checked, and nothing of it is shown.
    private Judged Apart(Delivery delivery, Peeked peeked)
    {
        var sha256 = Digests.Sha256(delivery.Envelope.Header.Span);
        if (peeked.Header is not { } header || !MessageId.TryParse(header.MessageId, out var id)) return new Judged.Unanswerable(delivery, "", sha256, null);
        return Apart(delivery, id.Value, sha256, peeked, Reasons.CannotProcess, null);
    }

    private Judged.Fresh Apart(Delivery delivery, string id, byte[] sha256, Peeked peeked, string reason, Activity? activity)
    {
        var fresh = Answer(delivery, id, sha256, peeked, null, new OpeningOutcome.RefusedAs(reason, "", peeked.Header), activity);
        var (arrival, receipt) = fresh.Apart(reason);
        return fresh with { Arrival = arrival, Receipt = receipt };
    }

    private async Task<Judged> CheckAsync(Delivery delivery, Peeked peeked, string house, CancellationToken cancellationToken)
    {
        var activity = GatewayTelemetry.Source.StartActivity("receive", ActivityKind.Consumer, GatewayTelemetry.Parent(delivery.DeliveryId));
        activity?.SetTag("message.id", peeked.Header?.MessageId);
        var sha256 = Digests.Sha256(delivery.Envelope.Header.Span);
        var acceptance = Acceptance(delivery, sha256, peeked);
        var id = acceptance?.MessageId ?? peeked.Header?.MessageId;
        if (!MessageId.TryParse(id, out _))
        {
            GatewayLog.DeliveryUnreadable(log, delivery.Position);
            return new Judged.Unanswerable(delivery, "", sha256, activity);
        }
        // What was kept apart and comes again is processed anew: its receipt was not final.
        if (inbox.FindReceipt(id!, sha256) is { Outcome: not (int)DeliveryOutcome.Quarantined } before) return new Judged.Repeat(delivery, id!, sha256, peeked, before, activity);

        var outcome = await OpenAsync(delivery.Envelope, peeked, acceptance, house, cancellationToken);
        if (MustFetch(delivery, outcome, peeked.Header))
        {
            if (!byLine) return new Judged.Unanswerable(delivery, id!, sha256, activity);
            var fetched = await downloads.FetchAsync(peeked.Header!, peeked.Lane, cancellationToken);
            if (fetched.NotServed) return Apart(delivery, id!, sha256, peeked, Reasons.BodyNotServed, activity);
            if (fetched.Body is null) return new Judged.Unanswerable(delivery, id!, sha256, activity);
            delivery.Envelope.Body = UnsafeByteOperations.UnsafeWrap(fetched.Body);
            outcome = await OpenAsync(delivery.Envelope, peeked, acceptance, house, cancellationToken);
        }
        return Answer(delivery, id!, sha256, peeked, acceptance, outcome, activity);
    }

    private async Task<OpeningOutcome> OpenAsync(
        Envelope envelope, Peeked peeked, AcceptanceReceipt? acceptance, string house, CancellationToken cancellationToken)
    {
        var outcome = MessageOpening.Open(envelope, await ViewAsync(peeked, acceptance, house, cancellationToken));
        // Sealed for a key that was enrolled since the files were read, it must not be refused: that is final.
        return outcome is OpeningOutcome.RefusedAs { Reason: Reasons.CannotOpen } && keys.TryReload(log)
            ? MessageOpening.Open(envelope, await ViewAsync(peeked, acceptance, house, cancellationToken))
            : outcome;
    }

    // A header that does not verify is refused for that, whatever its body is: nothing is fetched for it.
    private static bool MustFetch(Delivery delivery, OpeningOutcome outcome, MessageHeader? header) =>
        delivery.Envelope.Body.IsEmpty && header is { BodySize: > 0 and <= LargestBody } && outcome is OpeningOutcome.RefusedAs { Reason: Reasons.ContentMismatch };

    private AcceptanceReceipt? Acceptance(Delivery delivery, byte[] sha256, Peeked peeked)
    {
        if (acceptances.TryVerify(delivery.Acceptance.Memory, sha256, out var acceptance, out var problem))
        {
            if (peeked.Header is not { } named || named.MessageId == acceptance.MessageId) return acceptance;
            // Stored under the receipt's id, this message would stand in the place of the one whose id that is.
            problem = "It names another message than the header.";
        }
        GatewayLog.DeliveredAcceptanceNotVerified(log, peeked.Header?.MessageId is { } id && MessageId.TryParse(id, out _) ? id : "?", problem);
        return null;
    }

    private async Task<OpeningView> ViewAsync(Peeked peeked, AcceptanceReceipt? acceptance, string house, CancellationToken cancellationToken)
    {
        var at = acceptance is null ? clock.GetUtcNow() : acceptance.AcceptedAt.ToDateTimeOffset();
        BureauCode? own = BureauCode.TryParse(house, out var code) ? code : null;
        var signs = peeked is { Header: { } header, Signed: { } signed } ? await SignCertificatesAsync(header, signed, house, at, cancellationToken) : [];
        return new OpeningView(keys.Bureau, signs, keys.Keys.SealKeys, own);
    }

    private async Task<IReadOnlyCollection<X509Certificate2>> SignCertificatesAsync(
        MessageHeader header, SignedObject signed, string house, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (MessageOpening.IsOfHouse(header.Kind) && house.Length > 0 && header.From == house && signed.Signer?.Role == HolderRole.Node)
            return keys.Anchor.Judge(signed.CertificateDer, CertificateUse.Sign, at, HolderRole.Node).Ok ? [signed.Certificate] : [];
        if (!BureauCode.TryParse(header.From, out _)) return [];
        var sha256 = Digests.Hex(signed.CertificateSha256);
        // The watch may be a moment behind the message: a signer that is not known is asked for before it is refused.
        if (byLine && !directory.Copy.SignCertificates(header.From).Any(c => c.Sha256 == sha256)) await AskForAsync(header.From, cancellationToken);
        return [.. directory.Copy.SignCertificates(header.From).Where(c => IsGood(c, header.From, at)).Select(c => c.Certificate)];
    }

    private async Task AskForAsync(string bureau, CancellationToken cancellationToken)
    {
        try
        {
            await directory.RefreshAsync(bureau, cancellationToken);
        }
        catch (Grpc.Core.RpcException fault) when (NodeRefusal.Of(fault) is { Reason: Reasons.UnknownBureau })
        {
            // Then nobody vouches for the signer, and the header is refused.
        }
    }

    // Judged at the time of acceptance: a key revoked since does not undo what was accepted before.
    private bool IsGood(VouchedCertificate certificate, string bureau, DateTimeOffset acceptedAt) =>
        (certificate.RevokedAt is not { } revoked || revoked > acceptedAt)
        && keys.Anchor.Judge(certificate.Certificate, CertificateUse.Sign, acceptedAt, HolderRole.Bureau) is { Ok: true } verdict && verdict.Holder.Name == bureau;

    private Judged.Fresh Answer(
        Delivery delivery, string id, byte[] sha256, Peeked peeked, AcceptanceReceipt? acceptance, OpeningOutcome outcome, Activity? activity)
    {
        var now = clock.GetUtcNow();
        var refused = outcome as OpeningOutcome.RefusedAs;
        if (refused is { Problem.Length: > 0 }) GatewayLog.DeliveryRefused(log, id, refused.Reason, refused.Problem);
        var header = (outcome as OpeningOutcome.Opened)?.Header ?? refused?.Header ?? new MessageHeader { Precedence = peeked.Header?.Precedence ?? Precedence.Routine };
        var arrival = new Arrival(
            id, (int)(refused is null ? DeliveryOutcome.Delivered : DeliveryOutcome.Refused), refused?.Reason ?? "", header.From, (int)header.Precedence, header.Kind,
            header.Topic, header.Reference, header.ConversationId, header.Exercise, (long)delivery.Position, (long)delivery.Sequence, now, sha256,
            acceptance is null ? [] : delivery.Acceptance.ToByteArray(), delivery.Envelope.Header.ToByteArray(), delivery.Envelope.Body.ToByteArray())
        {
            Attachments = refused is null ? header.Attachments : [],
        };
        DateTimeOffset? createdAt = refused is null && TimestampReading.TryRead(header.CreatedAt, out var created) ? created : null;
        var instead = new Instead(() => KeptApart(arrival, delivery, peeked, Reasons.DuplicateIdDifferentBytes), () => NotShown(arrival, delivery, peeked));
        var order = outcome is OpeningOutcome.Opened opened ? recalls.OrderIn(opened, log) : null;
        var receipt = Receipt(arrival, delivery, peeked);
        return new Judged.Fresh(
            delivery, arrival, receipt, instead, order, reason => KeptApart(arrival, delivery, peeked, reason), createdAt, activity);
    }

    // It never was in the inbox, so DELIVERED would not be true; and nothing of it is kept but what its header says.
    private (Arrival, byte[]) NotShown(Arrival arrival, Delivery delivery, Peeked peeked)
    {
        var recalled = arrival with { Outcome = (int)DeliveryOutcome.Refused, Reason = Reasons.Recalled, Body = [] };
        return (recalled, Receipt(recalled, delivery, peeked));
    }

    // Nothing of it is shown. Another header under an id that is shown already is such a one: the node should never deliver it. Of what could not be
    // processed the body is not kept: it may be what the store does not take, and it comes again with the release.
    private (Arrival, byte[]) KeptApart(Arrival arrival, Delivery delivery, Peeked peeked, string reason)
    {
        var otherHeader = reason == Reasons.DuplicateIdDifferentBytes;
        if (otherHeader) GatewayLog.OtherHeader(log, arrival.MessageId);
        var apart = arrival with { Outcome = (int)DeliveryOutcome.Quarantined, Reason = reason, Body = otherHeader ? arrival.Body : [] };
        return (apart, Receipt(apart, delivery, peeked));
    }

    private byte[] Receipt(Arrival arrival, Delivery delivery, Peeked peeked)
    {
        // "As in the header": where the header names no digest, that of what came.
        var named = peeked.Header?.BodySha256 is { Length: Digests.Size } digest ? digest : ByteString.CopyFrom(Digests.Sha256(delivery.Envelope.Body.Span));
        var receipt = new DeliveryReceipt
        {
            MessageId = arrival.MessageId,
            HeaderSha256 = ByteString.CopyFrom(arrival.HeaderSha256),
            Recipient = keys.Bureau.Value,
            Outcome = (DeliveryOutcome)arrival.Outcome,
            Reason = arrival.Reason,
            At = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(arrival.ReceivedAt),
            BodySha256 = named,
            Sequence = delivery.Sequence,
        };
        return ReceiptBuilding.Delivery(receipt, keys.Keys.Sign!, arrival.ReceivedAt);
    }
}
