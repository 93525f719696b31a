using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Inspecting;

/// <summary>Reading the log. Every request says why, and is recorded itself.</summary>
internal static class AuditCommands
{
    private static readonly Option<string?> Purpose =
        new("--purpose") { Description = "Why you read: a code, like court-order. Recorded.", HelpName = "P", Required = true };
    private static readonly Option<string?> Why =
        new("--why") { Description = "The justification, 1 to 200 characters. Recorded.", HelpName = "TEXT", Required = true };

    public static Command Create(Shell shell) => new DocumentedCommand(
        "audit", "What happened, for those who may know. Each reading is recorded with its purpose.",
        "backbone audit history ID --purpose internal-review --why 'Case HARBOUR-7'",
        "backbone audit events --purpose internal-review --why 'Monthly check'")
        .With(Events(shell), History(shell));

    private static DocumentedCommand Events(Shell shell)
    {
        var after = new Option<ulong>("--after") { Description = "Only events after this position.", HelpName = "N" };
        var follow = new Option<bool>("--follow") { Description = "Go on with those to come, until Ctrl-C." };
        var stream = new Option<string?>("--stream")
        {
            Description = "Streams whose name begins so, like security or message-.",
            HelpName = "PREFIX",
        };
        var type = new Option<string[]>("--type") { Description = "Stored names, like message.accepted.v1; may be repeated.", HelpName = "NAME" };
        var from = new Option<string?>("--from") { Description = "Recorded at or after this time.", HelpName = "TIME" };
        var before = new Option<string?>("--before") { Description = "Recorded before this time.", HelpName = "TIME" };
        var limit = new Option<int?>("--limit") { Description = "At most so many.", HelpName = "N" };
        return new DocumentedCommand("events", "Events of the log, in its order; with --json one on each line.",
                "backbone audit events --purpose internal-review --why 'Monthly check' --limit 20",
                "backbone audit events --purpose internal-review --why 'Refusals today' --stream security --follow",
                "backbone audit events --purpose internal-review --why 'Export' --json --after 1200")
            .With(after, follow, stream, type, from, before, limit, Purpose, Why, CommonOptions.Json)
            .Does(shell, async (session, stop) =>
            {
                var request = new ReadEventsRequest
                {
                    After = session.Get(after),
                    Follow = session.Get(follow),
                    Purpose = session.Get(Purpose)!,
                    Justification = session.Get(Why)!,
                    Filter = new EventFilter { StreamPrefix = session.Get(stream) ?? "" },
                };
                request.Filter.Types_.AddRange(session.Get(type) ?? []);
                if (session.Get(from) is { } start) request.Filter.RecordedFrom = Timestamp.FromDateTimeOffset(EnrolCommands.ReadTime(start));
                if (session.Get(before) is { } end) request.Filter.RecordedBefore = Timestamp.FromDateTimeOffset(EnrolCommands.ReadTime(end));
                using var connection = NodeConnection.Open(session, HolderRole.Auditor);
                using var call = new AuditService.AuditServiceClient(connection.Channel).ReadEvents(request, cancellationToken: stop);
                await PrintAsync(session, call.ResponseStream, session.Get(limit) ?? int.MaxValue, request.Follow, stop);
            });
    }

    private static DocumentedCommand History(Shell shell)
    {
        var id = new Argument<string>("ID") { Description = "The message's id." };
        return new DocumentedCommand("history", "Everything that happened to one message.",
                "backbone audit history 0192f3c4-… --purpose court-order --why 'Order 12/2026'")
            .With(id, Purpose, Why, CommonOptions.Json)
            .Does(shell, async (session, stop) =>
            {
                using var connection = NodeConnection.Open(session, HolderRole.Auditor);
                var request = new HistoryRequest { MessageId = session.Get(id), Purpose = session.Get(Purpose)!, Justification = session.Get(Why)! };
                var history = await new AuditService.AuditServiceClient(connection.Channel).GetHistoryAsync(request, cancellationToken: stop);
                if (session.Print.Json) session.Print.Data(new { history.MessageId, Events = history.Events.Select(ShownEvent.Of) });
                else session.Print.Table(ShownEvent.Columns, history.Events.Select(e => ShownEvent.Of(e).Cells()),
                    $"Nothing is recorded of {session.Get(id)}.");
            });
    }

    private static async Task PrintAsync(Session session, IAsyncStreamReader<RecordedEvent> events, int limit, bool follow, CancellationToken stop)
    {
        var rows = new List<IReadOnlyList<string>>();
        var count = 0;
        try
        {
            while (count < limit && await events.MoveNext(stop))
            {
                count++;
                var shown = ShownEvent.Of(events.Current);
                if (session.Print.Json) session.Print.DataLine(shown);
                else if (follow) session.Print.Line(string.Join("  ", shown.Cells()));
                else rows.Add(shown.Cells());
            }
        }
        catch (Exception stopped) when (follow && stop.IsCancellationRequested
            && stopped is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            return; // Ctrl-C is how following ends
        }
        if (!session.Print.Json && !follow) session.Print.Table(ShownEvent.Columns, rows, "No event fits.");
    }
}
