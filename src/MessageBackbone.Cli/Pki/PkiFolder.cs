using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Pki;

/// <summary>The PKI folder of wire.md §9: ca.pem, crl.pem, a folder for each holder; ca.key only with a development CA.</summary>
internal sealed class PkiFolder(string root, TimeProvider clock)
{
    public static readonly IReadOnlyList<(string Name, CertificateUse Use)> Uses =
        [("tls", CertificateUse.Tls), ("sign", CertificateUse.Sign), ("seal", CertificateUse.Seal)];

    public string Root => root;

    public string CaPath => Path.Combine(root, "ca.pem");

    public string CaKeyPath => Path.Combine(root, "ca.key");

    public string CrlPath => Path.Combine(root, "crl.pem");

    public bool HasDevelopmentCa => File.Exists(CaKeyPath);

    public bool HasCa => File.Exists(CaPath);

    /// <summary>The development CA, made now. Its CRL is empty.</summary>
    public void MakeDevelopmentCa(string name, bool force)
    {
        using var ca = CertificateAuthority.Create(name, clock.GetUtcNow());
        PrivateFiles.Write(root, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ca.pem"] = ca.CertificatePem,
            ["ca.key"] = ca.ExportKeyPem(),
            ["crl.pem"] = ca.BuildCrl([], 1, clock.GetUtcNow()),
        }, force);
    }

    /// <summary>Takes over the certificates of a real CA; its key stays where it is.</summary>
    public void TakeCa(string caPem, string? crlPem, bool force)
    {
        TrustAnchor.FromPem(caPem, crlPem);
        var files = new Dictionary<string, string>(StringComparer.Ordinal) { ["ca.pem"] = caPem };
        if (crlPem is not null) files["crl.pem"] = crlPem;
        PrivateFiles.Write(root, files, force);
    }

    public TrustAnchor OpenTrustAnchor()
    {
        if (!HasCa) throw new CommandFailure($"{CaPath} does not exist.",
            "Make a development PKI with 'backbone pki init', or name the PKI folder with --pki.");
        return TrustAnchor.FromPem(File.ReadAllText(CaPath), File.Exists(CrlPath) ? File.ReadAllText(CrlPath) : null);
    }

    public void Issue(Holder holder, TimeSpan? validity, IReadOnlyList<string> hosts, bool force)
    {
        using var ca = OpenDevelopmentCa();
        var issued = ca.IssueAll(holder, clock.GetUtcNow(), validity, hosts.Count > 0 ? hosts : null);
        if (force) KeepOldSeal(FolderOf(holder.Name));
        PrivateFiles.Write(FolderOf(holder.Name), issued.Files, force);
    }

    /// <summary>seal.pem becomes seal.1.pem, seal.1.pem becomes seal.2.pem …: what was sealed to them stays readable.</summary>
    public static void KeepOldSeal(string folder)
    {
        var count = 1;
        while (File.Exists(Path.Combine(folder, $"seal.{count}.key"))) count++;
        for (var i = count; i >= 1; i--)
        {
            foreach (var ending in (string[])["key", "pem"])
            {
                var from = Path.Combine(folder, i == 1 ? $"seal.{ending}" : $"seal.{i - 1}.{ending}");
                if (File.Exists(from)) File.Move(from, Path.Combine(folder, $"seal.{i}.{ending}"));
            }
        }
    }

    public string FolderOf(string name) => Path.Combine(root, name);

    public IEnumerable<(string Name, CertificateUse Use)> UsesOf(Holder holder) =>
        Uses.Where(u => u.Use switch { CertificateUse.Sign => holder.Signs, CertificateUse.Seal => holder.Role == HolderRole.Bureau, _ => true });

    /// <summary>A holder's certificates, without their keys: enough for enrolling and revoking.</summary>
    public IEnumerable<(CertificateUse Use, X509Certificate2 Certificate)> CertificatesOf(HolderFolder holder)
    {
        foreach (var (name, use) in Uses)
        {
            if (holder.Read(name + ".pem") is { } pem) yield return (use, X509Certificate2.CreateFromPem(pem));
        }
    }

    /// <summary>Adds certificates to the CRL of the development CA.</summary>
    public void Revoke(IReadOnlyCollection<X509Certificate2> certificates, DateTimeOffset since)
    {
        using var ca = X509Certificate2.CreateFromPem(File.ReadAllText(CaPath), File.ReadAllText(CaKeyPath));
        System.Numerics.BigInteger number = 0;
        var list = File.Exists(CrlPath)
            ? CertificateRevocationListBuilder.LoadPem(File.ReadAllText(CrlPath), out number)
            : new CertificateRevocationListBuilder();
        foreach (var certificate in certificates) list.AddEntry(certificate, since);
        var now = clock.GetUtcNow();
        var der = list.Build(ca, number + 1, now.AddDays(30), System.Security.Cryptography.HashAlgorithmName.SHA256, thisUpdate: now.AddMinutes(-5));
        PrivateFiles.Write(CrlPath,
            System.Text.Encoding.ASCII.GetBytes(new string(System.Security.Cryptography.PemEncoding.Write("X509 CRL", der)) + "\n"), overwrite: true);
    }

    private CertificateAuthority OpenDevelopmentCa()
    {
        if (!HasCa) throw new CommandFailure($"{CaPath} does not exist.", "Make a development PKI first: 'backbone pki init'.");
        if (!HasDevelopmentCa)
            throw new CommandFailure($"{CaKeyPath} does not exist: this PKI's authority is not a development CA.",
                "Write keys and requests for your CA with --csr-only, then take its answers with 'backbone pki import'.");
        return CertificateAuthority.FromPem(File.ReadAllText(CaPath), File.ReadAllText(CaKeyPath));
    }
}
