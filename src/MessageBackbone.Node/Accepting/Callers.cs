using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>Names the caller by its TLS certificate and the directory, at each call.</summary>
internal sealed class Callers(CurrentDirectory directory, NodeIdentity node, TimeProvider clock)
{
    /// <exception cref="RefusalException">Nobody whom the directory knows now.</exception>
    public Caller Identify(X509Certificate2? certificate) => WhyNot(certificate, out var caller) is { } refusal ? throw refusal : caller!;

    /// <summary>What a call with this certificate would be refused with now; null: it is <paramref name="caller"/>'s.</summary>
    public RefusalException? WhyNot(X509Certificate2? certificate, out Caller? caller)
    {
        caller = null;
        if (certificate is null)
        {
            return new RefusalException(Reasons.CertificateNotValid, "Connect with a TLS client certificate that the secretariat enrolled.");
        }

        var state = directory.State;
        var sha256 = Fingerprint.Of(certificate.RawDataMemory.Span);
        if (state.FindCertificate(sha256) is not { Use: CertificateUse.Tls } enrolled)
        {
            return new RefusalException(Reasons.CertificateNotValid, "This TLS certificate is not enrolled. Ask the secretariat to enrol it.");
        }

        // The handshake may be hours old: time and CRL are judged again.
        if (enrolled.IsRevoked || !node.Anchor.Judge(certificate, CertificateUse.Tls, clock.GetUtcNow()).Ok)
        {
            return new RefusalException(Reasons.CertificateNotValid, "This TLS certificate was revoked or is not valid now. Connect with a newer one.");
        }

        if (!IsEnrolled(state, enrolled.Holder, sha256))
        {
            return new RefusalException(Reasons.UnknownBureau, "This bureau does not take part any more. Ask the secretariat.");
        }

        caller = new Caller(enrolled.Holder, sha256);
        return null;
    }

    public bool IsEnrolled(Caller caller) => IsEnrolled(directory.State, caller.Holder, caller.TlsCertificate);

    private static bool IsEnrolled(DirectoryState state, Holder holder, Fingerprint sha256) => state.IsEnrolled(holder, sha256);
}
