using System.ComponentModel.DataAnnotations;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Directory;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Hosting;

/// <summary>Who the node is and whom it trusts, as the files say now. Safe for concurrent use.</summary>
public sealed class NodeIdentity : IDisposable
{
    private readonly NodeOptions _options;
    private readonly Lock _gate = new();
    private readonly List<Ring> _former = [];
    private volatile Ring _ring;
    private string _seen;

    private NodeIdentity(NodeOptions options)
    {
        _options = options;
        var files = ReadFiles(options);
        (_ring, _seen) = (Open(files), Digest(files));
    }

    public HolderKeys Keys => _ring.Keys;

    public TrustAnchor Anchor => _ring.Anchor;

    /// <summary>What the node shows in a handshake.</summary>
    public SslStreamCertificateContext Shown => _ring.Shown;

    /// <summary>The house's own bureau code.</summary>
    public string House => _options.House;

    /// <summary>The node's name, as in its certificate.</summary>
    public string Name => Keys.Holder.Name;

    /// <summary>The node as an actor: its SAN URI.</summary>
    public string Uri => Keys.Holder.Uri;

    /// <summary>Signs acceptance receipts.</summary>
    public X509Certificate2 Sign => Keys.Sign!;

    /// <exception cref="ValidationException">A file is missing or is not what it must be.</exception>
    public static NodeIdentity Load(NodeOptions options) => new(options);

    /// <summary>Reads the files again. False: they are the ones seen at the last call, good or bad. Connections that are open keep what they were opened
    /// with.</summary>
    /// <exception cref="ValidationException">A file is missing or is not what it must be; the keys of before stay. Thrown once for the same files.</exception>
    public bool Reload()
    {
        lock (_gate)
        {
            var files = ReadFiles(_options);
            var seen = Digest(files);
            if (seen == _seen) return false;
            _seen = seen;
            var ring = Open(files);
            if (ring.Keys.Holder != Keys.Holder)
            {
                ring.Keys.Dispose();
                throw new ValidationException($"HolderFolder holds the certificates of {ring.Keys.Holder.Uri}; this node is {Uri}.");
            }

            // Handshakes and signatures under way still use them.
            _former.Add(_ring);
            _ring = ring;
            return true;
        }
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

    public void Dispose()
    {
        foreach (var ring in (Ring[])[_ring, .. _former])
        {
            ring.Keys.Dispose();
        }
    }

    private static Dictionary<string, string> ReadFiles(NodeOptions options)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal) { ["ca"] = File.ReadAllText(options.CaFile) };
        if (options.CrlFile.Length > 0) files["crl"] = File.ReadAllText(options.CrlFile);
        foreach (var name in (ReadOnlySpan<string>)["tls.pem", "tls.key", "sign.pem", "sign.key"])
        {
            if (Path.Combine(options.HolderFolder, name) is var file && File.Exists(file)) files[name] = File.ReadAllText(file);
        }

        return files;
    }

    private static string Digest(Dictionary<string, string> files) => Convert.ToHexString(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"{file.Key}\0{file.Value}")))));

    private static Ring Open(Dictionary<string, string> files)
    {
        var anchor = TrustAnchor.FromPem(files["ca"], files.GetValueOrDefault("crl"));
        var keys = HolderKeys.FromPem(files.GetValueOrDefault);
        if (keys.Holder.Role != HolderRole.Node || keys.Sign is null)
        {
            keys.Dispose();
            throw new ValidationException("HolderFolder must hold the tls and sign certificates of a holder of role node.");
        }

        // Offline: without it the framework would look for issuers and OCSP answers of our own certificate on the network.
        return new Ring(keys, anchor, SslStreamCertificateContext.Create(keys.Tls, additionalCertificates: null, offline: true));
    }

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

    private sealed record Ring(HolderKeys Keys, TrustAnchor Anchor, SslStreamCertificateContext Shown);
}
