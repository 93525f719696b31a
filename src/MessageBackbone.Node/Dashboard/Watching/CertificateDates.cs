using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using MessageBackbone.Domain;

namespace MessageBackbone.Node.Dashboard.Watching;

/// <summary>From when until when a certificate of the directory is valid. Each is parsed once: there are as many as the directory has.</summary>
internal static class CertificateDates
{
    private static readonly ConcurrentDictionary<Fingerprint, (DateTimeOffset NotBefore, DateTimeOffset NotAfter)> Known = [];

    public static (DateTimeOffset NotBefore, DateTimeOffset NotAfter) Of(ByteString der) => Known.GetOrAdd(Fingerprint.Of(der.Span), static (_, bytes) =>
    {
        using var certificate = X509CertificateLoader.LoadCertificate(bytes.Span);
        return (new(certificate.NotBefore.ToUniversalTime()), new(certificate.NotAfter.ToUniversalTime()));
    }, der);
}
