using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Pki;

/// <summary>PKCS#10 requests that ask a CA for exactly the profile of wire.md §2.</summary>
internal static class CertificateRequests
{
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    private const string EmailProtection = "1.3.6.1.5.5.7.3.4";

    public static string Create(Holder holder, CertificateUse use, ECDsa key, IReadOnlyList<string> hosts)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationalUnitName(holder.RoleName);
        subject.AddCommonName($"{holder.Name} {Invoking.Choice.Show(use)}");
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        var isNode = use == CertificateUse.Tls && holder.Role == HolderRole.Node;
        request.CertificateExtensions.Add(new X509KeyUsageExtension(use switch
        {
            CertificateUse.Tls => X509KeyUsageFlags.DigitalSignature,
            CertificateUse.Sign => X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation,
            _ => X509KeyUsageFlags.KeyAgreement,
        }, critical: true));
        OidCollection extended = use == CertificateUse.Tls ? [new Oid(ClientAuth)] : [new Oid(EmailProtection)];
        if (isNode) extended.Add(new Oid(ServerAuth));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(extended, critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(holder.Uri));
        foreach (var host in isNode ? hosts : [])
        {
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequestPem();
    }
}
