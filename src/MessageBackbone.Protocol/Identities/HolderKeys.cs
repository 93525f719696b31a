using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.V1;

namespace MessageBackbone.Protocol.Identities;

/// <summary>The certificates and private keys of one holder: the folder <c>pki/NAME</c> of wire.md §9.</summary>
public sealed class HolderKeys : IDisposable
{
    private const int MostOldSeals = 64;

    private HolderKeys(Holder holder, X509Certificate2 tls, X509Certificate2? sign, IReadOnlyList<X509Certificate2> seals)
    {
        Holder = holder;
        Tls = tls;
        Sign = sign;
        SealKeys = seals;
    }

    public Holder Holder { get; }

    public X509Certificate2 Tls { get; }

    /// <summary>Null where the role signs nothing.</summary>
    public X509Certificate2? Sign { get; }

    /// <summary>The newest seal certificate; null where the role is not bureau.</summary>
    public X509Certificate2? Seal => SealKeys.Count > 0 ? SealKeys[0] : null;

    /// <summary>
    /// All seal keys, newest first: what was sealed before a rotation stays readable (<c>seal.1.pem</c>, <c>seal.2.pem</c> … with their keys).
    /// </summary>
    public IReadOnlyList<X509Certificate2> SealKeys { get; }

    /// <param name="read">Gives the PEM text of "tls.pem", "tls.key", "sign.pem" …, or null where there is no such file.</param>
    /// <exception cref="ArgumentException">A file is missing or wrong; the text names it.</exception>
    public static HolderKeys FromPem(Func<string, string?> read)
    {
        var tls = Read(read, "tls", CertificateUse.Tls, null) ?? throw new ArgumentException("There is no tls.pem.");
        CertificateProfile.TryHolder(CertificateParts.Of(tls), out var holder);
        var sign = Read(read, "sign", CertificateUse.Sign, holder);
        var seal = Read(read, "seal", CertificateUse.Seal, holder);
        List<X509Certificate2> seals = seal is null ? [] : [seal];
        for (var i = 1; seal is not null && i <= MostOldSeals && Read(read, $"seal.{i}", CertificateUse.Seal, holder) is { } old; i++)
        {
            seals.Add(old);
        }
        if (holder.Signs && sign is null)
            throw new ArgumentException($"There is no sign.pem for {holder.Uri}.");
        if (holder.Role == HolderRole.Bureau && seal is null)
            throw new ArgumentException($"There is no seal.pem for {holder.Uri}.");
        return new HolderKeys(holder, tls, sign, seals);
    }

    public void Dispose()
    {
        Tls.Dispose();
        Sign?.Dispose();
        foreach (var seal in SealKeys)
        {
            seal.Dispose();
        }
    }

    private static X509Certificate2? Read(Func<string, string?> read, string name, CertificateUse use, Holder? expected)
    {
        if (read($"{name}.pem") is not { } pem)
            return null;
        var key = read($"{name}.key") ?? throw new ArgumentException($"There is a {name}.pem but no {name}.key.");
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(pem, key);
        }
        catch (CryptographicException e)
        {
            throw new ArgumentException($"{name}.pem and {name}.key are not a certificate and its PKCS#8 key.", e);
        }
        var problem = CertificateProfile.Check(CertificateParts.Of(certificate), use, out var holder);
        if (problem.Length == 0 && expected is { } wanted && holder != wanted)
            problem = $"It names another holder than tls.pem: {holder.Uri}.";
        if (problem.Length == 0)
            return certificate;
        certificate.Dispose();
        throw new ArgumentException($"{name}.pem: {problem}");
    }
}
