using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>The answers that the bureau owes, and until when.</summary>
internal static class OwedCommand
{
    public static DocumentedCommand Create(Shell shell) =>
        new DocumentedCommand("owed", "The answers that the bureau owes to requests, and until when: what is due first comes first. Nothing is opened by it.",
                "backbone inbox owed --as DE", "backbone inbox owed --as DE --json")
            .With([.. GatewayAccess.Options, CommonOptions.Json])
            .Does(shell, async (session, stop) =>
            {
                using var gateway = LocalApiClient.Open(session);
                var answer = await gateway.GetAsync("/inbox/owed", stop);
                if (session.Print.Json) session.Print.Data(answer);
                else Print(session, answer.As<OwedPage>());
            });

    private static void Print(Session session, OwedPage page)
    {
        var now = session.Shell.Clock.GetUtcNow();
        session.Print.Table(["id", "from", "precedence", "reference", "answer"], page.Owed.Select(o => (IReadOnlyList<string>)
        [
            o.Message.MessageId, o.Message.From, o.Message.Precedence + (o.Message.Exercise ? ", exercise" : ""), o.Message.Reference,
            o.Request?.Told(now) ?? $"{o.DeadlineClass}: until when cannot be asked now",
        ]), "No answer is owed.");
        if (page.NodeProblem.Length > 0) session.Print.Note($"The node cannot be asked ({Plain.Line(page.NodeProblem)}): some of these may be answered by now.");
        if (page.Owed is [var first, ..])
        {
            var (id, from) = (ExchangeCommands.ReadId(first.Message.MessageId, "in the gateway's answer"), Plain.Line(first.Message.From));
            session.Print.Note(ExchangeCommands.Next(session, $"send --to {from} --kind answer --reply-to {id} --text '…'"));
        }
    }
}

internal sealed record OwedItem(InboxItem Message, string DeadlineClass, RequestClockFacts? Request = null);

internal sealed record OwedPage(IReadOnlyList<OwedItem> Owed, string NodeProblem);
