using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Hosting;

/// <summary>Who the node is and whom it trusts, read once at start.</summary>
public sealed class NodeIdentity : IDisposable
{
    private NodeIdentity(HolderKeys keys, TrustAnchor anchor, string house)
    {
        Keys = keys;
        Anchor = anchor;
        House = house;
    }

    public HolderKeys Keys { get; }

    public TrustAnchor Anchor { get; }

    /// <summary>The house's own bureau code.</summary>
    public string House { get; }

    /// <summary>The node's name, as in its certificate.</summary>
    public string Name => Keys.Holder.Name;

    /// <summary>The node as an actor: its SAN URI.</summary>
    public string Uri => Keys.Holder.Uri;

    /// <summary>Signs acceptance receipts.</summary>
    public X509Certificate2 Sign => Keys.Sign!;

    /// <exception cref="ValidationException">A file is missing or is not what it must be.</exception>
    public static NodeIdentity Load(NodeOptions options)
    {
        var crl = options.CrlFile.Length > 0 ? File.ReadAllText(options.CrlFile) : null;
        var anchor = TrustAnchor.FromPem(File.ReadAllText(options.CaFile), crl);
        var keys = HolderKeys.FromPem(name => Path.Combine(options.HolderFolder, name) is var file && File.Exists(file) ? File.ReadAllText(file) : null);
        if (keys.Holder.Role != HolderRole.Node || keys.Sign is null)
        {
            keys.Dispose();
            throw new ValidationException("HolderFolder must hold the tls and sign certificates of a holder of role node.");
        }

        return new NodeIdentity(keys, anchor, options.House);
    }

    /// <summary>The secretariat's certificates of the configuration.</summary>
    /// <exception cref="ValidationException">A file holds something else.</exception>
    public IReadOnlyList<Founder> Founders(IEnumerable<string> files)
    {
        var founders = new List<Founder>();
        foreach (var file in files)
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            founders.AddRange(certificates.Select(certificate => FounderOf(certificate, file)));
        }

        return founders;
    }

    public void Dispose() => Keys.Dispose();

    private Founder FounderOf(X509Certificate2 certificate, string file)
    {
        using var owned = certificate;
        // Judged as of its own first day: an old one that was replaced since does not keep the node from starting, it just opens nothing.
        var at = new DateTimeOffset(certificate.NotBefore);
        foreach (var use in (ReadOnlySpan<CertificateUse>)[CertificateUse.Tls, CertificateUse.Sign])
        {
            if (Anchor.Judge(certificate, use, at, HolderRole.Secretariat) is { Ok: true } verdict)
            {
                var key = Fingerprint.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo());
                return new Founder(verdict.Holder, use, ByteString.CopyFrom(certificate.RawData), key);
            }
        }

        throw new ValidationException($"{file} holds a certificate that is neither a tls nor a sign certificate of role secretariat under the CA.");
    }
}
