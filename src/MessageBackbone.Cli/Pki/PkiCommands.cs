using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Pki;

internal static class PkiCommands
{
    /// <summary>Who belongs to every house besides its bureaus.</summary>
    public static readonly IReadOnlyList<Holder> House =
    [
        new(HolderRole.Node, "node"), new(HolderRole.Log, "log"), new(HolderRole.Secretariat, "secretariat"),
        new(HolderRole.Operator, "operator-1"), new(HolderRole.Auditor, "auditor-1"),
    ];

    public static Command Create(Shell shell) => new DocumentedCommand(
        "pki", "Keys and certificates: a development CA, or your own.",
        "backbone pki init --bureaus FR,DE",
        "backbone pki issue GB",
        "backbone pki enrol GB")
        .With(Init(shell), IssueCommands.Issue(shell), IssueCommands.Import(shell), EnrolCommands.Enrol(shell), EnrolCommands.Revoke(shell));

    private static DocumentedCommand Init(Shell shell)
    {
        var name = new Option<string>("--name")
        {
            Description = "The development CA's name.",
            DefaultValueFactory = _ => "MessageBackbone development CA",
        };
        var bureaus = new Option<string?>("--bureaus") { Description = "Bureaus to issue for at once.", HelpName = "FR,DE,…" };
        var caOnly = new Option<bool>("--ca-only") { Description = "Make the CA and nobody's keys." };
        var ca = new Option<string?>("--ca") { Description = "Take over a real CA's certificate; no CA key is made or wanted.", HelpName = "FILE" };
        var crl = new Option<string?>("--crl") { Description = "That CA's revocation list.", HelpName = "FILE" };
        var force = ForceOption();
        return new DocumentedCommand("init", "Make the PKI folder: the CA, and keys for node, log, secretariat, an operator and an auditor.",
                "backbone pki init", "backbone pki init --bureaus FR,DE,ES --pki /tmp/pki", "backbone pki init --ca our-ca.pem --crl our-crl.pem")
            .With(name, bureaus, caOnly, ca, crl, force)
            .Does(shell, (session, _) =>
            {
                var folder = new PkiFolder(session.Settings.Pki, shell.Clock);
                var codes = (session.Get(bureaus) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                var holders = codes.Select(Bureau).ToList();
                if (session.Get(ca) is { } caFile)
                {
                    if (holders.Count > 0) throw CommandFailure.Usage("--bureaus needs the development CA.",
                        "With --ca, use 'backbone pki issue NAME --csr-only'.");
                    folder.TakeCa(ReadFile(caFile), session.Get(crl) is { } crlFile ? ReadFile(crlFile) : null, session.Get(force));
                    session.Print.Line($"{folder.CaPath} is the CA. Next: backbone pki issue NAME --csr-only --pki {folder.Root}");
                    return Task.CompletedTask;
                }
                folder.MakeDevelopmentCa(session.Get(name)!, session.Get(force));
                if (!session.Get(caOnly)) holders.InsertRange(0, House);
                foreach (var holder in holders) folder.Issue(holder, null, [], session.Get(force));
                var made = string.Concat(holders.Select(h => ", " + h.Name));
                session.Print.Line($"{folder.Root}: development CA{made}. Keep ca.key off every node: who can issue can read.");
                return Task.CompletedTask;
            });
    }

    public static Option<bool> ForceOption() => new("--force") { Description = "Replace what is there." };

    public static Holder Bureau(string code) => BureauCode.TryParse(code, out _)
        ? new Holder(HolderRole.Bureau, code)
        : throw CommandFailure.Usage($"'{code}' is no bureau code.", "Codes are like FR, IPSG or FR-SDLC.");

    public static string ReadFile(string path) => File.Exists(path) ? File.ReadAllText(path) : throw new CommandFailure($"{path} does not exist.");
}
