using System.CommandLine;
using System.Globalization;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>What the bureau received: listed, followed. Nothing is opened by it.</summary>
internal static class InboxCommands
{
    private const int LongestPage = 200;

    public static Command Create(Shell shell)
    {
        var from = new Option<string?>("--from") { HelpName = "DE", Description = "Only from this bureau." };
        var kind = new Option<string?>("--kind") { HelpName = "KIND", Description = "Only of this kind." };
        var precedence = Choice.Option<Precedence>("--precedence", "Only of this precedence.");
        var unopened = new Option<bool>("--unopened") { Description = "Only what nobody opened." };
        var limit = new Option<int>("--limit")
        {
            HelpName = "N",
            Description = $"At most so many, 1 to {LongestPage}.",
            DefaultValueFactory = _ => 50,
        };
        var follow = new Option<bool>("--follow")
        {
            Description = "List it, then print what comes as it comes, until Ctrl-C. With --json one message a line.",
        };
        return new DocumentedCommand("inbox", "The bureau's inbox, most urgent first. Nothing is opened by listing.",
                "backbone inbox --as DE", "backbone inbox --as DE --unopened --precedence flash", "backbone inbox --as DE --follow",
                "backbone inbox owed --as DE",
                "backbone inbox open 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --as DE")
            .With([from, kind, precedence, unopened, limit, follow, .. GatewayAccess.Options, CommonOptions.Json, OpenCommand.Create(shell), OwedCommand.Create(shell)])
            .Does(shell, async (session, stop) =>
            {
                if (session.Get(limit) is < 1 or > LongestPage) throw CommandFailure.Usage($"--limit is 1 to {LongestPage}.");
                var filter = Filter(session.Get(from), session.Get(kind), session.Get(precedence));
                using var gateway = LocalApiClient.Open(session);
                var count = session.Get(limit).ToString(CultureInfo.InvariantCulture);
                var list = $"/inbox?limit={count}{filter}{(session.Get(unopened) ? "&opened=false" : "")}";
                if (session.Get(follow)) await new InboxFollowing(session, gateway, list, filter).RunAsync(stop);
                else await ListAsync(session, gateway, list, stop);
            });
    }

    private static async Task ListAsync(Session session, LocalApiClient gateway, string list, CancellationToken stop)
    {
        var answer = await gateway.GetAsync(list, stop);
        if (session.Print.Json)
        {
            session.Print.Data(answer);
            return;
        }
        var page = answer.As<InboxPage>();
        var messages = page.Messages;
        string[] columns = ["id", "from", "precedence", "kind", "reference", "topic", "files", "received", "opened"];
        session.Print.Table(columns, messages.Select(m => (IReadOnlyList<string>)
        [
            m.MessageId, m.From, m.Precedence + (m.Exercise ? ", exercise" : ""), m.Kind, m.Reference, m.Topic,
            m.Attachments == 0 ? "" : m.Attachments.ToString(CultureInfo.InvariantCulture), Plain.Time(m.ReceivedAt),
            Opened(m),
        ]), "Nothing is in the inbox that fits.");
        foreach (var alike in messages.Where(m => m.LooksLike is not null))
            session.Print.Note($"{Plain.Line(alike.MessageId)} {alike.LooksLike!.Told}: same sender, reference, recipients and day.");
        if (page.Quarantined > 0)
            session.Print.Note($"{page.Quarantined} more came and could not be processed: they are quarantined. The node's operators release or refuse them.");
        if (messages.Any(m => m.Kind == "request" && !m.IsDeleted))
            session.Print.Note("There are requests among them. " + ExchangeCommands.Next(session, "inbox owed"));
        if (messages.FirstOrDefault(m => m.OpenedAt is null && !m.IsDeleted) is { } first)
            session.Print.Note(ExchangeCommands.Next(session, $"inbox open {Plain.Line(first.MessageId)}"));
    }

    private static string Opened(InboxItem message)
    {
        var opened = message.OpenedAt is null ? "no" : Plain.Time(message.OpenedAt);
        return message.Recall switch
        {
            "deleted" => "recalled by its sender",
            "retained" => opened + ", asked back, kept",
            _ => opened,
        };
    }

    private static string Filter(string? from, string? kind, string? precedence)
    {
        if (kind is not null && !Patterns.IsKind(kind))
            throw CommandFailure.Usage($"'{Plain.Line(kind)}' is no kind.", "Kinds are like text or alert.cap.");
        return (from is null ? "" : $"&from={PkiCommands.Bureau(from).Name}") + (kind is null ? "" : $"&kind={kind}")
            + (precedence is null ? "" : $"&precedence={precedence}");
    }
}
