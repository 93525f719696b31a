using System.CommandLine;

namespace MessageBackbone.Cli.Invoking;

/// <summary>Options that every command understands, each with its environment variable.</summary>
internal static class CommonOptions
{
    public static readonly Option<string?> As =
        Everywhere("--as", "NAME", "Act as this holder: the folder of that name in the PKI folder. Environment: BACKBONE_AS.");
    public static readonly Option<string?> Node = Everywhere("--node", "URL", "The node's gRPC address. Environment: BACKBONE_NODE.");
    public static readonly Option<string?> Gateway =
        Everywhere("--gateway", "URL", "The local API of the bureau's gateway. Environment: BACKBONE_GATEWAY.");
    public static readonly Option<string?> Pki =
        Everywhere("--pki", "DIR", "The PKI folder. Environment: BACKBONE_PKI. Default: the running demo's, else ./pki.");
    public static readonly Option<string?> Data =
        Everywhere("--data", "DIR", "Data folder, where a demo keeps demo.json. Environment: BACKBONE_DATA. Default: .backbone");

    public static readonly Option<bool> Json = new("--json") { Description = "Print JSON." };

    public static IReadOnlyList<Option> All { get; } = [As, Node, Gateway, Pki, Data];

    private static Option<string?> Everywhere(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value, Recursive = true };
}
