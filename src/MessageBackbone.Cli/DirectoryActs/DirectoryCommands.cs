using System.CommandLine;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.DirectoryActs;

internal static class DirectoryCommands
{
    public static Command Create(Shell shell) => new DocumentedCommand(
        "directory", "Who takes part, and who may exchange what with whom.",
        "backbone directory list",
        "backbone directory register FR-SDLC --name 'Lyon field office'")
        .With(List(shell), Register(shell), Policy(shell), Topic(shell), Close(shell));

    private static DocumentedCommand List(Shell shell) => new DocumentedCommand(
            "list", "Bureaus, topics and the exchange policy.", "backbone directory list", "backbone directory list --json --as FR")
        .With(CommonOptions.Json)
        .Does(shell, async (session, stop) =>
        {
            using var connection = NodeConnection.Open(session, HolderRole.Secretariat, HolderRole.Operator, HolderRole.Auditor, HolderRole.Bureau);
            var directory = await new DirectoryService.DirectoryServiceClient(connection.Channel)
                .ListBureausAsync(new ListBureausRequest(), cancellationToken: stop);
            if (session.Print.Json) session.Print.Data(DirectoryListing.Of(directory));
            else DirectoryListing.Print(session.Print, DirectoryListing.Of(directory));
        });

    private static DocumentedCommand Register(Shell shell)
    {
        var code = CodeArgument();
        var name = new Option<string?>("--name") { Description = "The office's name. Default: its code.", HelpName = "TEXT" };
        var highest = Choice.Option<Classification>("--highest", "Nothing above it is sent to or by this bureau. Default: confidential.");
        return new DocumentedCommand("register",
            "Enter a bureau, or change its name and classification. Its certificates come with 'backbone pki enrol'.",
                "backbone directory register FR --name 'Central bureau, Paris'", "backbone directory register FR-SDLC --highest restricted")
            .With(code, name, highest)
            .Does(shell, async (session, stop) =>
            {
                var bureau = PkiCommands.Bureau(session.Get(code)).Name;
                var level = session.Get(highest) is { } text ? Choice.Read<Classification>(text)!.Value : Classification.Confidential;
                using var connection = Secretariat.Connect(session);
                var reply = await new Secretariat(connection, shell.Clock).RegisterAsync(bureau, session.Get(name) ?? bureau, level, stop);
                session.Print.Line($"{bureau} is registered at {reply.Position}. Next: backbone pki enrol {bureau}");
            });
    }

    private static DocumentedCommand Policy(Shell shell)
    {
        var file = new Argument<string>("FILE")
        {
            Description = """JSON: {"rules": [{"from": "FR", "to": "*", "kinds": ["text"], "effect": "deny"}], "clear_kinds": ["alert.cap"]}""",
        };
        return new DocumentedCommand("policy",
            "Replace the exchange policy. The first rule that fits decides; where none fits, enrolled bureaus may exchange.",
                "backbone directory policy policy.json")
            .With(file)
            .Does(shell, async (session, stop) =>
            {
                var policy = PolicyFile.Read(PkiCommands.ReadFile(session.Get(file)));
                using var connection = Secretariat.Connect(session);
                var reply = await new Secretariat(connection, shell.Clock).SetPolicyAsync(policy.ToRules(), policy.ClearKinds, stop);
                session.Print.Line($"The policy of {policy.Rules.Count} rules is in force at {reply.Position}.");
            });
    }

    private static DocumentedCommand Topic(Shell shell)
    {
        var topic = new Argument<string>("NAME") { Description = "The topic, like border.alerts." };
        var allow = new Option<string?>("--allow")
        {
            Description = "Bureaus that may subscribe. Default: every registered one.",
            HelpName = "FR,DE,…",
        };
        return new DocumentedCommand("topic", "Open a topic, or change who may subscribe to it.",
                "backbone directory topic border.alerts", "backbone directory topic cyber.indicators --allow FR,DE")
            .With(topic, allow)
            .Does(shell, async (session, stop) =>
            {
                var bureaus = Codes(session.Get(allow));
                using var connection = Secretariat.Connect(session);
                var reply = await new Secretariat(connection, shell.Clock).AllowTopicAsync(session.Get(topic), bureaus, stop);
                var (named, allowed) = (Plain.Line(session.Get(topic)), bureaus.Count == 0 ? "every bureau" : string.Join(", ", bureaus));
                session.Print.Line($"Topic {named} is open for {allowed} at {reply.Position}. Next: backbone subscribe {named} --as BUREAU");
            });
    }

    private static DocumentedCommand Close(Shell shell)
    {
        var code = CodeArgument();
        var reason = new Option<string>("--reason")
        {
            Description = "A code, like REORGANISED.",
            HelpName = "CODE",
            DefaultValueFactory = _ => "CLOSED",
        };
        return new DocumentedCommand("close", "End a bureau's part for good: it sends and receives nothing any more; its history stays.",
            "backbone directory close FR-SDLC --reason REORGANISED")
            .With(code, reason)
            .Does(shell, async (session, stop) =>
            {
                using var connection = Secretariat.Connect(session);
                var bureau = PkiCommands.Bureau(session.Get(code)).Name;
                var reply = await new Secretariat(connection, shell.Clock).CloseAsync(bureau, session.Get(reason)!, stop);
                session.Print.Line($"{bureau} is closed at {reply.Position}.");
            });
    }

    /// <summary>"FR,DE" as codes; each is checked.</summary>
    public static List<string> Codes(string? list) =>
        [.. (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(c => PkiCommands.Bureau(c).Name)
            .Distinct(StringComparer.Ordinal)];

    private static Argument<string> CodeArgument() => new("CODE") { Description = "Bureau code, like FR, IPSG or FR-SDLC." };
}
