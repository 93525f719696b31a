using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>Where the bureau's gateway listens, which certificate it must show, and what is shown to it (decision 0080).</summary>
/// <param name="Pinned">The very certificate that the gateway must show.</param>
/// <param name="PinnedBy">The file that it was read from, for the person who must correct it.</param>
/// <param name="Token">The bearer token; null: the client certificate is shown.</param>
internal sealed record GatewayAccess(Uri Address, byte[] Pinned, string PinnedBy, string? Token, HolderKeys? Keys) : IDisposable
{
    private const string CertificateName = "local-api.pem";
    private const string TokenName = "local-api.token";
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static readonly Option<string?> Certificate = new("--gateway-cert")
    {
        Description = "The certificate that the gateway must show, exactly: a copy of its local-api.pem. Environment: BACKBONE_GATEWAY_CERT. "
            + "Default: the running demo's, else local-api.pem in the data folder.",
        HelpName = "FILE",
    };

    public static readonly Option<string?> TokenFile = new("--token")
    {
        Description = "File of mode 0600 with the gateway's bearer token. Environment: BACKBONE_TOKEN. Default: the running demo's, "
            + "else local-api.token in the data folder, else the bureau's TLS certificate from the PKI folder is shown.",
        HelpName = "FILE",
    };

    public static IReadOnlyList<Option> Options { get; } = [Certificate, TokenFile];

    public static GatewayAccess Find(Session session)
    {
        var settings = session.Settings;
        var demo = DemoGatewayOf(settings);
        var address = demo?.Address ?? settings.GatewayTold ?? Settings.DefaultGateway;
        var certificate = settings.Told(Certificate, "BACKBONE_GATEWAY_CERT") ?? demo?.Certificate ?? Path.Combine(settings.Data, CertificateName);
        if (!File.Exists(certificate) && DemoFile.Read(settings.Data) is { StoppedAt: { } stopped })
            throw new CommandFailure($"The demo in {settings.Data} was stopped at {Plain.Time(stopped)}.",
                "Start it again with 'backbone demo', or name a gateway with --gateway and --gateway-cert.");
        var (pinned, tokenFile) = (ReadCertificate(certificate), settings.Told(TokenFile, "BACKBONE_TOKEN") ?? demo?.Token);
        var besides = Path.Combine(settings.Data, TokenName);
        tokenFile ??= File.Exists(besides) ? besides : null;
        return tokenFile is null
            ? new GatewayAccess(address, pinned, certificate, null, settings.ActAs(HolderRole.Bureau).OpenKeys())
            : new GatewayAccess(address, pinned, certificate, ReadToken(tokenFile), null);
    }

    /// <summary>The running demo's gateway, by its token.</summary>
    public static GatewayAccess Of(DemoGateway gateway) =>
        new(gateway.Address, ReadCertificate(gateway.Certificate), gateway.Certificate, ReadToken(gateway.Token), null);

    public void Dispose() => Keys?.Dispose();

    // A token goes to the address that it was written down with and to no other: a --gateway that is none of the demo's gets nothing of the demo's.
    private static DemoGateway? DemoGatewayOf(Settings settings)
    {
        if (settings.RunningDemo is not { } demo) return null;
        if (settings.GatewayTold is { } told) return demo.Gateways.Values.FirstOrDefault(g => g.Address == told);
        var bureau = settings.As ?? (demo.Gateways.Count == 1 ? demo.Gateways.Keys.Single() : null);
        var running = string.Join(", ", demo.Gateways.Keys.Order(StringComparer.Ordinal));
        if (bureau is null) throw CommandFailure.Usage($"The demo runs the gateways of {running}.", "Choose one with --as.");
        return demo.Gateways.TryGetValue(bureau, out var gateway)
            ? gateway
            : throw new CommandFailure($"The demo runs no gateway of {bureau}, only of {running}.",
                "Choose one with --as, or name another gateway with --gateway.");
    }

    private static byte[] ReadCertificate(string path)
    {
        if (!File.Exists(path))
            throw new CommandFailure($"{path} does not exist: the gateway's certificate is not known.",
                "Name the gateway's data folder with --data, or a copy of its local-api.pem with --gateway-cert; or start a demo: 'backbone demo'.");
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
            return certificate.RawData;
        }
        catch (CryptographicException)
        {
            throw new CommandFailure($"{path} holds no certificate in PEM form.", "It must be the gateway's local-api.pem.");
        }
    }

    private static string ReadToken(string path)
    {
        if (!File.Exists(path)) throw new CommandFailure($"{path} does not exist.", "Name the gateway's token file with --token.");
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~Owner) != UnixFileMode.None)
            throw new CommandFailure($"{path} can be read by others: what it holds is no secret any more.",
                $"Have the gateway make a new one, and chmod 600 '{path}'.");
        var token = File.ReadAllText(path).Trim();
        return token.Length > 0 && token.All(c => c is > ' ' and <= '~')
            ? token
            : throw new CommandFailure($"{path} holds no token.", "It must be the gateway's token file.");
    }
}
