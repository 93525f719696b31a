using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>What was sent, once more, to a bureau that it was not sealed for: how a sender answers a notice that asks for it.</summary>
internal static class ResendCommand
{
    public static Command Create(Shell shell)
    {
        var id = ExchangeCommands.IdArgument();
        var to = new Option<string>("--to") { HelpName = "CODE", Description = "The bureau that gets it as well.", Required = true };
        return new DocumentedCommand("resend",
                "Send a message that was sent to another bureau as well: same content, reference, conversation and precedence, under a new id.",
                "backbone resend 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --to DE-DUTY --as FR")
            .With([id, to, .. GatewayAccess.Options, CommonOptions.Json])
            .Does(shell, async (session, stop) =>
            {
                var (asked, code) = (ExchangeCommands.ReadId(session.Get(id), "ID"), session.Get(to));
                if (!BureauCode.TryParse(code, out _)) throw CommandFailure.Usage($"'{Plain.Line(code)}' is no bureau code.", "Codes are like DE or DE-DUTY.");
                using var gateway = LocalApiClient.Open(session);
                var answer = await gateway.PostAsync($"/messages/{asked}/resend", new { To = code }, stop);
                var sent = ExchangeCommands.ReadId(answer.As<SendReply>().MessageId, "in the gateway's answer");
                if (session.Print.Json) session.Print.Data(answer);
                else session.Print.Line($"{sent} is in the outbox for {code}. {ExchangeCommands.Next(session, $"track {sent}")}");
            });
    }
}
