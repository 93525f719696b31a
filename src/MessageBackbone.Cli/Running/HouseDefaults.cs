using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Gateway;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Running;

/// <summary>Settings of a node and a gateway that follow from the PKI folder alone, for whoever has written no configuration.</summary>
internal static class HouseDefaults
{
    public static NodeOptions Node(PkiFolder pki, HolderFolder node, string dataFolder)
    {
        var secretariats = HolderFolder.All(pki.Root).Where(h => h.Holder.Role == HolderRole.Secretariat).ToList();
        return new NodeOptions
        {
            DataFolder = dataFolder,
            CaFile = pki.CaPath,
            CrlFile = File.Exists(pki.CrlPath) ? pki.CrlPath : "",
            HolderFolder = node.Path,
            SecretariatCertificates = [.. secretariats.SelectMany(s => (string[])[s.File("tls.pem"), s.File("sign.pem")])],
        };
    }

    public static GatewayOptions Gateway(PkiFolder pki, string bureau, string dataFolder, Uri node) =>
        new() { Bureau = bureau, DataFolder = dataFolder, PkiFolder = pki.Root, Node = node };
}
