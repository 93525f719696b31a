using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Tests.Identities;

/// <summary>A certificate of our authority with a profile that can be spoiled before it is issued.</summary>
public sealed class ProfileDraft
{
    public ProfileDraft(CertificateUse use)
    {
        Usage = use switch
        {
            CertificateUse.Tls => X509KeyUsageFlags.DigitalSignature,
            CertificateUse.Sign => X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation,
            _ => X509KeyUsageFlags.KeyAgreement,
        };
        Extended = [use == CertificateUse.Tls ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.4"];
    }

    public List<string> Uris { get; } = ["urn:backbone:bureau:FR"];

    public X509KeyUsageFlags Usage { get; set; }

    public List<string> Extended { get; }

    public List<X509Extension> Others { get; } = [];

    public ECCurve Curve { get; set; } = ECCurve.NamedCurves.nistP256;

    public bool IsAuthority { get; set; }

    public byte[] Issue()
    {
        using var key = ECDsa.Create(Curve);
        var request = new CertificateRequest("CN=draft", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddEmailAddress("office@example.org");
        foreach (var uri in Uris)
        {
            names.AddUri(new Uri(uri));
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(Usage, true));
        var extended = new OidCollection();
        foreach (var oid in Extended)
        {
            extended.Add(new Oid(oid));
        }
        if (extended.Count > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(extended, false));
        if (IsAuthority)
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        foreach (var other in Others)
        {
            request.CertificateExtensions.Add(other);
        }
        using var authority = X509Certificate2.CreateFromPem(Sample.Authority.CertificatePem, Sample.Authority.ExportKeyPem());
        using var signer = authority.GetECDsaPrivateKey()!;
        using var issued = request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), Sample.Now.AddDays(-1), Sample.Now.AddDays(1),
            RandomNumberGenerator.GetBytes(8));
        return issued.RawData;
    }
}
