using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Addresses;

/// <summary>Whom a command acts as and whom it talks to: the option, else the environment, else a running demo's demo.json, else the
/// default.</summary>
internal sealed class Settings(ParseResult parsed, Shell shell)
{
    public const string DefaultData = ".backbone";
    public static readonly Uri DefaultNode = new("https://127.0.0.1:7443");
    public static readonly Uri DefaultGateway = new("https://127.0.0.1:7450");

    public string Data => Path.GetFullPath(Told(CommonOptions.Data, "BACKBONE_DATA") ?? DefaultData);

    public string Pki => Path.GetFullPath(Told(CommonOptions.Pki, "BACKBONE_PKI") ?? RunningDemo?.Pki ?? "pki");

    public Uri Node => Address(CommonOptions.Node, "BACKBONE_NODE") ?? RunningDemo?.Node ?? DefaultNode;

    public string? As => Told(CommonOptions.As, "BACKBONE_AS");

    public DemoFile? RunningDemo => DemoFile.Read(Data) is { Running: true } demo ? demo : null;

    public Uri? GatewayTold => Address(CommonOptions.Gateway, "BACKBONE_GATEWAY");

    public Uri GatewayOf(string bureau) =>
        GatewayTold ?? (RunningDemo?.Gateways.TryGetValue(bureau, out var gateway) == true ? gateway.Address : DefaultGateway);

    /// <summary>The holder to act as: the one told, else the only one of that role in the PKI folder.</summary>
    public HolderFolder ActAs(HolderRole role)
    {
        if (As is { } told) return HolderFolder.Open(Pki, told, role);
        var found = HolderFolder.All(Pki).Where(h => h.Holder.Role == role).ToList();
        return found switch
        {
            [var only] => only,
            [] => throw new CommandFailure(
                $"No holder of role {Choice.Show(role)} is in {Pki}.",
                    $"Make one with 'backbone pki issue', or name the folder with --pki and the holder with --as."),
            _ => throw CommandFailure.Usage(
                $"Several holders of role {Choice.Show(role)} are in {Pki}: {string.Join(", ", found.Select(h => h.Holder.Name))}.",
                    "Choose one with --as."),
        };
    }

    /// <summary>The option, else its environment variable; null when neither is given.</summary>
    public string? Told(Option<string?> option, string variable) =>
        parsed.GetValue(option) is { Length: > 0 } given ? given : shell.Environment(variable) is { Length: > 0 } set ? set : null;

    private Uri? Address(Option<string?> option, string variable)
    {
        if (Told(option, variable) is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps) return address;
        throw CommandFailure.Usage($"{option.Name} must be an https:// address, like https://127.0.0.1:7443.");
    }
}
