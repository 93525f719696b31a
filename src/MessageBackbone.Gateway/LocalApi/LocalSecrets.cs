using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Gateway.Storing;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>What the local API shows and asks for: its own server certificate and the bearer token. Both are made at the first start.</summary>
internal static class LocalSecrets
{
    private const int TokenBytes = 32;
    private static readonly TimeSpan _validity = TimeSpan.FromDays(825);
    private static readonly TimeSpan _renewBefore = TimeSpan.FromDays(30);

    /// <summary>The SHA-256 of the token; the token itself stays in its file. Throws when others may read the file or it holds no token.</summary>
    public static byte[] TokenDigest(string path)
    {
        if (!File.Exists(path)) PrivateFiles.Write(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes)) + "\n");
        PrivateFiles.DemandOwnerOnly(path);
        var token = File.ReadAllText(path).Trim();
        if (token.Length < 32) throw new InvalidOperationException($"{path} holds no token of at least 32 characters.");
        return Digest(token);
    }

    public static byte[] Digest(string token) => SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token));

    /// <summary>
    /// A self-signed server certificate for this machine's loopback names. The bureau's own tls certificate is for clients only (decision 0062), so local
    /// programs pin local-api.pem.
    /// </summary>
    public static X509Certificate2 ServerCertificate(string folder, DateTimeOffset now)
    {
        var (certificatePath, keyPath) = (Path.Combine(folder, "local-api.pem"), Path.Combine(folder, "local-api.key"));
        if (Read(certificatePath, keyPath, now) is { } kept) return kept;
        var (certificate, key) = Make(now);
        PrivateFiles.Write(keyPath, key);
        PrivateFiles.Write(certificatePath, certificate);
        return Read(certificatePath, keyPath, now) ?? throw new InvalidOperationException("The local API's certificate could not be made.");
    }

    private static X509Certificate2? Read(string certificatePath, string keyPath, DateTimeOffset now)
    {
        if (!File.Exists(certificatePath) || !File.Exists(keyPath)) return null;
        PrivateFiles.DemandOwnerOnly(keyPath);
        var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(certificatePath), File.ReadAllText(keyPath));
        if (certificate.NotAfter.ToUniversalTime() - _renewBefore > now.UtcDateTime) return certificate;
        certificate.Dispose();
        return null;
    }

    private static (string Certificate, string Key) Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=MessageBackbone local API", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var certificate = request.CreateSelfSigned(now - TimeSpan.FromMinutes(5), now + _validity);
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
