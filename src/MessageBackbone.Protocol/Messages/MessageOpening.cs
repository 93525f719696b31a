using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Sealing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Messages;

/// <summary>What a recipient knows when it opens a message.</summary>
/// <param name="Self">The recipient: one of `to`, `info` and `alternates`, else NOT_FOR_US.</param>
/// <param name="SenderSigns">Sign certificates enrolled for the sender and vouched for by the own trust anchor, also replaced ones; for a
/// non-delivery report of the house: those of its nodes.</param>
/// <param name="SealKeys">Own seal certificates with keys, newest first.</param>
/// <param name="House">The house's own bureau code, whose non-delivery reports a node signs; null: none is accepted.</param>
public sealed record OpeningView(
    BureauCode Self, IReadOnlyCollection<X509Certificate2> SenderSigns, IReadOnlyCollection<X509Certificate2> SealKeys, BureauCode? House = null);

/// <summary>The outcome of a recipient's checks.</summary>
public abstract record OpeningOutcome
{
    private OpeningOutcome()
    {
    }

    /// <summary>Every check passed.</summary>
    /// <param name="ContentBytes">What content_sha256 is the digest of.</param>
    public sealed record Opened(MessageHeader Header, SealedContent Content, ReadOnlyMemory<byte> ContentBytes, SignedObject Signed) : OpeningOutcome;

    /// <summary>To be receipted REFUSED with <paramref name="Reason"/>; nothing is shown to anyone.</summary>
    /// <param name="Problem">For the log: holds nothing of the content.</param>
    /// <param name="Header">Null where it could not be read or trusted.</param>
    public sealed record RefusedAs(string Reason, string Problem, MessageHeader? Header) : OpeningOutcome;
}

/// <summary>
/// The recipient's checks of wire.md §4 in their order: signature, body_sha256, structure, tag, canonical form, content_sha256, fields 1 to 4.
/// </summary>
public static class MessageOpening
{
    public const string NonDeliveryKind = "report.nondelivery";
    public const string EscalationKind = "report.escalation";

    /// <summary>A kind that the house alone sends, signed by a node.</summary>
    public static bool IsOfHouse(string kind) => kind is NonDeliveryKind or EscalationKind;

    /// <param name="envelope">With the whole body: one above 64 KiB is fetched before.</param>
    public static OpeningOutcome Open(Envelope envelope, OpeningView view)
    {
        if (!TryVerify(envelope.Header.Memory, view, out var signed, out var header, out var problem))
            return new OpeningOutcome.RefusedAs(Reasons.SignatureInvalid, problem, null);
        if ((ulong)envelope.Body.Length != header.BodySize || !Digests.AreEqual(Digests.Sha256(envelope.Body.Span), header.BodySha256.Span))
            return new OpeningOutcome.RefusedAs(Reasons.ContentMismatch, "The body is not the one that the header names.", header);
        if (!TryUnseal(envelope.Body.Memory, header, view, out var bytes, out problem))
            return new OpeningOutcome.RefusedAs(Reasons.CannotOpen, problem, header);
        if (!CanonicalMessage.TryParse(bytes, SealedContent.Parser, out var content, out problem))
            return new OpeningOutcome.RefusedAs(Reasons.CannotOpen, problem, header);
        if (!Digests.AreEqual(Digests.Sha256(bytes.Span), header.ContentSha256.Span))
            return new OpeningOutcome.RefusedAs(Reasons.ContentMismatch, "The content is not the one that the header names.", header);
        if (!IsForUs(header, content, view.Self))
            return new OpeningOutcome.RefusedAs(Reasons.NotForUs, "The content names another message, sender or recipients than the header.", header);
        return ContentFields.Check(content) is [var first, ..]
            ? new OpeningOutcome.RefusedAs(Reasons.CannotOpen, $"{first.Path}: {first.Text}", header)
            : new OpeningOutcome.Opened(header, content, bytes, signed);
    }

    private static bool TryVerify(
        ReadOnlyMemory<byte> bytes, OpeningView view, [NotNullWhen(true)] out SignedObject? signed, [NotNullWhen(true)] out MessageHeader? header,
        out string problem)
    {
        if (!ReceiptBuilding.TryRead(bytes, MessageHeader.Parser, out signed, out header, out problem))
            return false;
        var der = signed.CertificateDer;
        if (!view.SenderSigns.Any(c => c.RawDataMemory.Span.SequenceEqual(der.Span)))
            problem = "The signer's certificate is not enrolled for the sender.";
        else if (!MaySign(signed.Signer, header, view.House))
            problem = "The signer's certificate names another than the sender.";
        else if (!signed.VerifySignature())
            problem = "The signature does not verify.";
        else if (HeaderFields.Check(header) is [var first, ..])
            problem = $"{first.Path}: {first.Text}";
        return problem.Length == 0;
    }

    private static bool MaySign(Holder? signer, MessageHeader header, BureauCode? house) => signer switch
    {
        { Role: HolderRole.Bureau } bureau => bureau.Name == header.From && !IsOfHouse(header.Kind),
        { Role: HolderRole.Node } => IsOfHouse(header.Kind) && house is { } own && header.From == own.Value,
        _ => false,
    };

    private static bool TryUnseal(
        ReadOnlyMemory<byte> body, MessageHeader header, OpeningView view, out ReadOnlyMemory<byte> content, out string problem)
    {
        content = body;
        problem = "";
        if (header.BodyForm == BodyForm.Clear)
            return true;
        if (!SealedBody.TryRead(body, out var sealedBody, out problem))
            return false;
        // Who the recipients are is for the node to check by the directory; that there are no more than named is seen here.
        var named = header.To.Count + header.Info.Count + header.Alternates.Count;
        if (sealedBody.Recipients.Count < named || sealedBody.Recipients.Count > named + 1)
        {
            problem = "The body is sealed to more or fewer than the header names.";
            return false;
        }
        var opened = sealedBody.TryOpen(view.SealKeys, out var bytes, out problem);
        content = bytes;
        return opened;
    }

    private static bool IsForUs(MessageHeader header, SealedContent content, BureauCode self) =>
        content.MessageId == header.MessageId && content.From == header.From && content.To.Equals(header.To) && content.Info.Equals(header.Info)
        && (header.To.Contains(self.Value) || header.Info.Contains(self.Value) || header.Alternates.Any(a => a.Bureau == self.Value));
}
