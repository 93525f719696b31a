using System.CommandLine;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Exchanging;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Inspecting;

/// <summary>The operator's order to present again what a recipient's gateway lost.</summary>
internal static class RedeliverCommand
{
    private const string Example = "backbone ops redeliver --bureau DE 019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55 --reason INBOX_LOST";

    public static DocumentedCommand Create(Shell shell)
    {
        var id = new Argument<string>("MESSAGE-ID") { Description = "The message's id." };
        var bureau = new Option<string>("--bureau") { HelpName = "DE", Description = "The recipient whose gateway lost it.", Required = true };
        var reason = new Option<string>("--reason") { HelpName = "CODE", Description = "Why: a code, [A-Z_]{1,64}.", Required = true };
        var dry = new Option<bool>("--dry-run") { Description = "Only show what would be done, and the event that the log would get." };
        return new DocumentedCommand("redeliver",
            "Present a delivered message to its recipient again: its gateway lost it. The delivery keeps its state.", $"{Example} --dry-run", Example)
            .With(id, bureau, reason, dry, CommonOptions.Json)
            .Does(shell, async (session, stop) =>
            {
                var request = new RedeliverRequest
                {
                    Bureau = PkiCommands.Bureau(session.Get(bureau)!).Name,
                    MessageId = ExchangeCommands.ReadId(session.Get(id)!, "MESSAGE-ID"),
                    Reason = session.Get(reason)!,
                    DryRun = session.Get(dry),
                };
                if (!Patterns.IsReasonCode(request.Reason)) throw CommandFailure.Usage("--reason wants a code of capital letters and _, like INBOX_LOST.");
                using var connection = NodeConnection.Open(session, HolderRole.Operator);
                var reply = await new OperationsService.OperationsServiceClient(connection.Channel).RedeliverAsync(request, cancellationToken: stop);
                Print(session, request, reply);
            });
    }

    private static void Print(Session session, RedeliverRequest request, RedeliverReply reply)
    {
        if (session.Print.Json)
        {
            session.Print.Data(new
            {
                request.Bureau,
                request.MessageId,
                Result = Choice.Show(reply.Result),
                Done = reply.Result == RedeliverResult.Ordered && !request.DryRun,
                State = Choice.Show(reply.State),
                reply.From,
                Precedence = Choice.Show(reply.Precedence),
                reply.Attempts,
                reply.Position,
                Event = reply.Event is null ? null : ShownEvent.Fields(reply.Event),
            });
            return;
        }
        var what = $"{request.MessageId} from {Plain.Line(reply.From)} to {request.Bureau}";
        switch (reply.Result)
        {
            case RedeliverResult.Ordered when request.DryRun:
                session.Print.Line($"{what} ({Choice.Show(reply.State)}, presented {reply.Attempts} times) would be presented again. Nothing was done. The log would get:");
                session.Print.Line($"  delivery.redelivery-ordered.v1 {ShownEvent.Fields(reply.Event).ToJsonString()}");
                break;
            case RedeliverResult.Ordered:
                session.Print.Line($"{what} is presented again, as a possible duplicate. It stays {Choice.Show(reply.State)}.");
                break;
            case RedeliverResult.AlreadyOrdered:
                session.Print.Line($"{what} was ordered before and is not answered yet: nothing more was done.");
                break;
            default:
                session.Print.Line($"{what} is on its way: no receipt has come yet, and nothing was done.");
                break;
        }
    }
}
