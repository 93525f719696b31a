using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Protocol.Canonical;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Google.Protobuf;

namespace MessageBackbone.Node.Delivering;

/// <summary>A recipient's receipt as it came: form first, then who signed it.</summary>
internal sealed record ReceiptReading(DeliveryReceipt Content, SignedObject Signed, ByteString Bytes)
{
    private const int MaxBytes = 64 * 1024;

    /// <exception cref="RefusalException">It has not the form of a receipt of this bureau.</exception>
    public static ReceiptReading Read(string bureau, ByteString bytes)
    {
        if (bytes.Length > MaxBytes) throw new RefusalException(Reasons.TooLarge, "A receipt has at most 64 KiB.", ["signed"]);
        if (!ReceiptBuilding.TryRead(bytes.Memory, DeliveryReceipt.Parser, out var signed, out var content, out var problem))
            throw new RefusalException(Reasons.Malformed, $"This is no signed DeliveryReceipt in canonical form: {problem}", ["signed"]);
        if (ReceiptFields.Check(content) is { Count: > 0 } problems)
            throw new RefusalException(Reasons.FieldInvalid, problems[0].Text, [.. problems.Select(field => field.Path)]);
        if (content.Recipient != bureau)
            throw new RefusalException(Reasons.NotYourBureau, "Send receipts of your own bureau: `recipient` names another.", ["recipient"]);
        return new ReceiptReading(content, signed, bytes);
    }

    /// <exception cref="RefusalException">The signature does not count.</exception>
    public void RequireSigner(string bureau, DirectoryState directory, TrustAnchor anchor, DateTimeOffset now)
    {
        if (directory.FindCertificate(Fingerprint.Read(Signed.CertificateSha256)) is not { Use: CertificateUse.Sign } signer)
            throw new RefusalException(Reasons.CertificateNotValid, "The signer's certificate is not enrolled. Sign with one that the secretariat enrolled.", ["signed"]);
        if (signer.IsRevoked || !anchor.Judge(Signed.CertificateDer, CertificateUse.Sign, now).Ok)
            throw new RefusalException(Reasons.CertificateNotValid, "The signer's certificate was revoked or is not valid now. Sign with another one.", ["signed"]);
        if (signer.Holder != new Holder(HolderRole.Bureau, bureau))
            throw new RefusalException(Reasons.SignerIsNotSender, "The signer's certificate names another holder than `recipient`.", ["recipient"]);
        if (!Signed.VerifySignature())
            throw new RefusalException(Reasons.BadSignature, "The signature does not fit the receipt.", ["signed"]);
    }
}
