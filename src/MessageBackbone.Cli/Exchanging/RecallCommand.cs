using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>Recalls a sent message: what is not delivered stops, and who holds it is asked to delete it.</summary>
internal static class RecallCommand
{
    public static Command Create(Shell shell)
    {
        var id = ExchangeCommands.IdArgument();
        var reason = new Option<string>("--reason")
        {
            HelpName = "CODE",
            Description = "Why, as a code that every party may read, never free text: capitals and _, like SENT_IN_ERROR.",
            Required = true,
        };
        var to = new Option<string[]>("--to")
        {
            HelpName = "DE,ES",
            Description = "Only from these recipients. Default: all.",
            AllowMultipleArgumentsPerToken = true,
        };
        var precedence = Choice.Option<Precedence>("--precedence", "How urgent the order is. Default: as the message.");
        return new DocumentedCommand("recall",
                "Recall a message that this bureau sent. Copies that are not delivered stop; who holds one is asked to delete it and answers with a signed "
                + "statement. 'track' shows who still holds it.",
                "backbone recall 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --as FR --reason SENT_IN_ERROR",
                "backbone recall 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --as FR --reason WRONG_RECIPIENT --to ES --precedence flash")
            .With([id, reason, to, precedence, .. GatewayAccess.Options, CommonOptions.Json])
            .Does(shell, async (session, stop) =>
            {
                var asked = ExchangeCommands.ReadId(session.Get(id), "ID");
                var request = new
                {
                    Reason = Code(session.Get(reason) ?? ""),
                    To = Bureaus(session.Get(to) ?? []),
                    Precedence = session.Get(precedence) ?? "",
                };
                using var gateway = LocalApiClient.Open(session);
                var answer = await gateway.PostAsync($"/messages/{asked}/recall", request, stop);
                if (session.Print.Json)
                {
                    session.Print.Data(answer);
                    return;
                }
                var reply = answer.As<RecallReply>();
                session.Print.Line($"{asked} is recalled from {string.Join(", ", reply.To.Select(Plain.Line))}: order {Plain.Line(reply.OrderId)} is in the outbox.");
                session.Print.Note(ExchangeCommands.Next(session, $"track {asked}"));
            });
    }

    private static string Code(string reason) => Patterns.IsReasonCode(reason)
        ? reason
        : throw CommandFailure.Usage($"'{Plain.Line(reason)}' is no reason code.", "It has capitals and _ only, at most 64: like SENT_IN_ERROR.");

    private static string[] Bureaus(string[] told) =>
        [.. told.SelectMany(one => one.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select(one => PkiCommands.Bureau(one).Name)];
}
