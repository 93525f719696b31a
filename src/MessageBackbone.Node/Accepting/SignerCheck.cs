using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>The signer's certificate is enrolled, valid and unrevoked now and names <c>from</c>; then the signature.</summary>
internal static class SignerCheck
{
    public static void Require(Submission submission, DirectoryState directory, TrustAnchor anchor, DateTimeOffset now)
    {
        var signed = submission.Signed;
        if (directory.FindCertificate(Fingerprint.Read(signed.CertificateSha256)) is not { Use: CertificateUse.Sign } signer)
        {
            throw new RefusalException(
                Reasons.CertificateNotValid, "The signer's certificate is not enrolled. Sign with one that the secretariat enrolled, under a new id.", ["envelope.header"]);
        }

        if (signer.IsRevoked || !anchor.Judge(signed.CertificateDer, CertificateUse.Sign, now).Ok)
        {
            throw new RefusalException(
                Reasons.CertificateNotValid, "The signer's certificate was revoked or is not valid now. Sign again with another one, under a new id.", ["envelope.header"]);
        }

        if (signer.Holder != new Holder(HolderRole.Bureau, submission.Header.From))
        {
            throw new RefusalException(Reasons.SignerIsNotSender, "The signer's certificate names another holder than `from`. Sign with the sender's own.", ["from"]);
        }

        if (!signed.VerifySignature())
        {
            throw new RefusalException(Reasons.BadSignature, "The signature does not fit the header. Sign it again and send those bytes.", ["envelope.header"]);
        }
    }
}
