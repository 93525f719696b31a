using System.CommandLine;
using Grpc.Core;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Carrying;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Inspecting;

internal static class OpsCommands
{
    public static Command Create(Shell shell) => new DocumentedCommand(
        "ops", "Running the node.", "backbone ops board", "backbone ops status", "backbone ops lanes", "backbone ops quarantine",
        "backbone ops redeliver --bureau DE ID --reason INBOX_LOST", "backbone ops drain", "backbone ops carry export FR /media/usb", "backbone ops rebuild board")
        .With(Board(shell), Status(shell), LaneCommands.Create(shell), QuarantineCommands.Create(shell), RedeliverCommand.Create(shell), DrainCommand.Create(shell),
            OpsCarryCommands.Create(shell), Rebuild(shell));

    private static DocumentedCommand Board(Shell shell)
    {
        var follow = new Option<bool>("--follow") { Description = "Print it again whenever it changed, until Ctrl-C." };
        return new DocumentedCommand("board", "What waits and what was delivered, per bureau and precedence.", "backbone ops board",
            "backbone ops board --follow")
            .With(follow, CommonOptions.Json)
            .Does(shell, async (session, stop) =>
            {
                using var connection = NodeConnection.Open(session, HolderRole.Operator);
                var operations = new OperationsService.OperationsServiceClient(connection.Channel);
                if (!session.Get(follow))
                {
                    PrintBoard(session, await operations.GetBoardAsync(new BoardRequest(), cancellationToken: stop), oneLine: false);
                    return;
                }
                using var watch = operations.WatchBoard(new BoardRequest(), cancellationToken: stop);
                try
                {
                    while (await watch.ResponseStream.MoveNext(stop)) PrintBoard(session, watch.ResponseStream.Current, oneLine: true);
                }
                catch (Exception stopped) when (stop.IsCancellationRequested
                    && stopped is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
                {
                    return; // Ctrl-C is how following ends
                }
            });
    }

    private static DocumentedCommand Status(Shell shell) =>
        new DocumentedCommand("status", "The node, its log, its transport and its followers.", "backbone ops status --json")
        .With(CommonOptions.Json)
        .Does(shell, async (session, stop) =>
        {
            using var connection = NodeConnection.Open(session, HolderRole.Operator);
            var status = await new OperationsService.OperationsServiceClient(connection.Channel)
                .GetNodeStatusAsync(new NodeStatusRequest(), cancellationToken: stop);
            if (session.Print.Json)
            {
                session.Print.Data(new
                {
                    status.Node,
                    status.Version,
                    status.Log,
                    status.LogPosition,
                    status.EventLog,
                    status.Transport,
                    status.TransportState,
                    StartedAt = status.StartedAt?.ToDateTimeOffset(),
                    status.Draining,
                    Attending = status.Attending.ToArray(),
                    Followers = status.Followers.Select(f => new { f.Name, f.Position, f.State }),
                });
                return;
            }
            session.Print.Table(["what", "is"],
            [
                ["node", $"{status.Node} {status.Version}, up since {Plain.Time(status.StartedAt?.ToDateTimeOffset())}"],
                ["log", $"{status.Log} ({status.EventLog}), at {status.LogPosition}"],
                ["transport", $"{status.Transport}, {status.TransportState}"],
                ["submissions", status.Draining ? "refused: the node is draining" : "taken"],
                ["attending", status.Attending.Count == 0 ? "nobody" : string.Join(", ", status.Attending)],
            ], "");
            session.Print.Table(["follower", "position", "behind", "state"], status.Followers.Select(f => (IReadOnlyList<string>)
                [f.Name, f.Position.ToString(), (status.LogPosition > f.Position ? status.LogPosition - f.Position : 0).ToString(), f.State]),
                    "No follower runs.");
        });

    private static DocumentedCommand Rebuild(Shell shell)
    {
        var name = new Argument<string>("NAME") { Description = "The read model, as 'backbone ops status' names it." };
        return new DocumentedCommand("rebuild", "Throw a read model away and build it again from the log.", "backbone ops rebuild board")
            .With(name)
            .Does(shell, async (session, stop) =>
            {
                using var connection = NodeConnection.Open(session, HolderRole.Operator);
                var operations = new OperationsService.OperationsServiceClient(connection.Channel);
                var reply = await operations.RebuildProjectionAsync(new RebuildProjectionRequest { Name = session.Get(name) },
                    cancellationToken: stop);
                session.Print.Line($"{Plain.Line(session.Get(name))} is rebuilt from {reply.Events} events, up to {reply.Position}.");
            });
    }

    private static void PrintBoard(Session session, Board board, bool oneLine)
    {
        var rows = board.Rows.Select(r => new
        {
            r.Bureau,
            Precedence = Choice.Show(r.Precedence),
            r.Waiting,
            r.Delivered,
            r.Opened,
            r.Refused,
            r.Quarantined,
            r.Expired,
            r.Recalled,
            r.Redirected,
            r.Late,
            OldestWaitingAt = r.OldestWaitingAt?.ToDateTimeOffset(),
            r.Attended,
        }).ToList();
        var shown = new { board.Position, At = board.At?.ToDateTimeOffset(), Rows = rows };
        if (session.Print.Json && oneLine) session.Print.DataLine(shown);
        else if (session.Print.Json) session.Print.Data(shown);
        else
        {
            session.Print.Table(["bureau", "precedence", "waiting", "oldest waits since", "delivered", "opened", "refused", "quarantined",
                "expired", "recalled", "redirected", "late", "attended"],
                rows.Select(r => (IReadOnlyList<string>)
                [
                    r.Bureau, r.Precedence, r.Waiting.ToString(), Plain.Time(r.OldestWaitingAt), r.Delivered.ToString(), r.Opened.ToString(),
                        r.Refused.ToString(),
                    r.Quarantined.ToString(), r.Expired.ToString(), r.Recalled.ToString(), r.Redirected.ToString(), r.Late.ToString(), r.Attended ? "yes" : "no",
                ]), "Nothing was delivered yet.");
            session.Print.Line($"At position {board.Position}, {Plain.Time(shown.At)}.");
        }
    }
}
