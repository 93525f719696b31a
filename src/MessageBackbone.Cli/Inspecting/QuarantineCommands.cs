using System.CommandLine;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Exchanging;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Inspecting;

/// <summary>What recipients' gateways keep apart, and the operator's orders to let it go on or to refuse it. Without --yes an order is only shown.</summary>
internal static class QuarantineCommands
{
    private const string Id = "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55";
    private static readonly Option<string?> OfBureau = new("--bureau") { HelpName = "DE", Description = "Only what is quarantined at this bureau." };

    public static DocumentedCommand Create(Shell shell) => Listing("quarantine", "What recipients' gateways could not process, and why. Later messages of the "
            + "same conversation wait behind it.", shell)
        .With(Listing("list", "The same as without a word.", shell),
            Order(shell, "release", "Present it again. What waits behind it follows, one at a time, in order.", QuarantineAction.Release),
            Order(shell, "refuse", "End the delivery in the recipient's place. The sender gets a report; what waits behind it goes on.", QuarantineAction.Refuse));

    private static DocumentedCommand Listing(string name, string what, Shell shell) =>
        new DocumentedCommand(name, what, "backbone ops quarantine", "backbone ops quarantine list --bureau DE --json",
            $"backbone ops quarantine release {Id} --bureau DE")
        .With(OfBureau, CommonOptions.Json)
        .Does(shell, async (session, stop) =>
        {
            var bureau = session.Get(OfBureau) is { } named ? PkiCommands.Bureau(named).Name : "";
            using var connection = NodeConnection.Open(session, HolderRole.Operator);
            var found = await AllAsync(new OperationsService.OperationsServiceClient(connection.Channel), bureau, stop);
            Print(session, found, "Nothing is quarantined.");
            if (!session.Print.Json && found.Count > 0)
                session.Print.Note($"Next: backbone ops quarantine release {Plain.Line(found[0].MessageId)} --bureau {Plain.Line(found[0].Bureau)}");
        });

    private static async Task<List<QuarantinedDelivery>> AllAsync(OperationsService.OperationsServiceClient operations, string bureau, CancellationToken stop)
    {
        var found = new List<QuarantinedDelivery>();
        for (var after = ""; ;)
        {
            var page = await operations.ListQuarantineAsync(
                new ListQuarantineRequest { Bureau = bureau, After = after, Limit = 200 }, cancellationToken: stop);
            found.AddRange(page.Deliveries);
            if ((after = page.Next).Length == 0) return found;
        }
    }

    private static DocumentedCommand Order(Shell shell, string name, string what, QuarantineAction action)
    {
        var id = new Argument<string?>("ID") { Description = "The message's id.", Arity = ArgumentArity.ZeroOrOne };
        var conversation = new Option<string?>("--conversation") { HelpName = "ID", Description = "Instead of ID: all of this conversation, in order." };
        var bureau = new Option<string>("--bureau") { HelpName = "DE", Description = "The recipient at which it is quarantined.", Required = true };
        var reason = new Option<string?>("--reason") { HelpName = "CODE", Description = "Why: a code, [A-Z_]{1,64}." };
        var yes = new Option<bool>("--yes") { Description = "Do it. Without it, only what would be done is shown." };
        var with = action == QuarantineAction.Refuse ? " --reason NOT_READABLE" : "";
        return new DocumentedCommand(name, what, $"backbone ops quarantine {name} {Id} --bureau DE{with}",
            $"backbone ops quarantine {name} {Id} --bureau DE{with} --yes", $"backbone ops quarantine {name} --conversation {Id} --bureau DE{with}")
            .With(id, conversation, bureau, reason, yes, CommonOptions.Json)
            .Does(shell, async (session, stop) =>
            {
                var request = new ReleaseQuarantineRequest
                {
                    Bureau = PkiCommands.Bureau(session.Get(bureau)!).Name,
                    MessageId = session.Get(id) is { } one ? ExchangeCommands.ReadId(one, "ID") : "",
                    ConversationId = session.Get(conversation) ?? "",
                    Action = action,
                    Reason = session.Get(reason) ?? "",
                    DryRun = !session.Get(yes),
                };
                Check(request);
                using var connection = NodeConnection.Open(session, HolderRole.Operator);
                var reply = await new OperationsService.OperationsServiceClient(connection.Channel).ReleaseQuarantineAsync(request, cancellationToken: stop);
                Told(session, request, reply);
            });
    }

    private static void Check(ReleaseQuarantineRequest request)
    {
        if (request.MessageId.Length > 0 == request.ConversationId.Length > 0)
            throw CommandFailure.Usage("Name a message's ID, or --conversation ID: one of the two.");
        if (request.ConversationId.Length > 0 && !Patterns.IsUuid(request.ConversationId))
            throw CommandFailure.Usage("--conversation wants a UUID in lower case, as 'backbone ops quarantine' shows it.");
        if (request.Action == QuarantineAction.Refuse && request.Reason.Length == 0)
            throw CommandFailure.Usage("A refusal wants a reason.", "For example --reason NOT_READABLE.");
        if (request.Reason.Length > 0 && !Patterns.IsReasonCode(request.Reason))
            throw CommandFailure.Usage("--reason wants a code of capital letters and _, like NOT_READABLE.");
    }

    private static void Told(Session session, ReleaseQuarantineRequest request, ReleaseQuarantineReply reply)
    {
        Print(session, reply.Deliveries, "Nothing is left to do.", request, reply.Left);
        if (session.Print.Json) return;
        var did = request.Action == QuarantineAction.Release ? "released" : "refused";
        if (!request.DryRun)
        {
            session.Print.Line($"{reply.Deliveries.Count} {did}.");
            if (reply.Left > 0) session.Print.Note($"{reply.Left} more of the conversation are quarantined: run it again.");
            return;
        }
        session.Print.Line($"{reply.Deliveries.Count} would be {did}. Nothing was done. To do it:");
        var verb = request.Action == QuarantineAction.Release ? "release" : "refuse";
        var what = request.MessageId.Length > 0 ? request.MessageId : $"--conversation {request.ConversationId}";
        var why = request.Reason.Length > 0 ? $" --reason {request.Reason}" : "";
        session.Print.Line($"  backbone ops quarantine {verb} {what} --bureau {request.Bureau}{why} --yes");
    }

    private static void Print(
        Session session, IReadOnlyList<QuarantinedDelivery> deliveries, string none, ReleaseQuarantineRequest? request = null, ulong left = 0)
    {
        if (!session.Print.Json)
        {
            session.Print.Table(["bureau", "id", "precedence", "from", "reason", "since", "presented", "wait behind", "exercise", "conversation"],
                deliveries.Select(d => (IReadOnlyList<string>)
                [
                    d.Bureau, d.MessageId, Choice.Show(d.Precedence), d.From, d.Reason, Plain.Time(d.Since?.ToDateTimeOffset()), d.Attempts.ToString(),
                    d.WaitingBehind.ToString(), d.Exercise ? "exercise" : "", d.ConversationId,
                ]), none);
            return;
        }
        var rows = deliveries.Select(d => new
        {
            d.Bureau,
            d.MessageId,
            Precedence = Choice.Show(d.Precedence),
            d.From,
            d.ConversationId,
            d.Reason,
            Since = d.Since?.ToDateTimeOffset(),
            d.WaitingBehind,
            d.Position,
            d.Attempts,
            d.Exercise,
        }).ToList();
        if (request is null) session.Print.Data(new { Deliveries = rows });
        else session.Print.Data(new { Action = Choice.Show(request.Action), Done = !request.DryRun, Deliveries = rows, Left = left });
    }
}
