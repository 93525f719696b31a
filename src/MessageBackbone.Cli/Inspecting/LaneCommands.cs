using System.CommandLine;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Inspecting;

/// <summary>The lanes of a node and their queues at the broker.</summary>
internal static class LaneCommands
{
    public static DocumentedCommand Create(Shell shell) =>
        new DocumentedCommand("lanes", "What waits in each lane, and how its queue at the broker is.", "backbone ops lanes",
            "backbone ops lanes rebuild DE flash")
        .With(CommonOptions.Json, Rebuild(shell))
        .Does(shell, async (session, stop) =>
        {
            using var connection = NodeConnection.Open(session, HolderRole.Operator);
            var list = await new OperationsService.OperationsServiceClient(connection.Channel)
                .ListLanesAsync(new ListLanesRequest(), cancellationToken: stop);
            var rows = list.Lanes.Select(l => new
            {
                l.Bureau,
                Precedence = Choice.Show(l.Precedence),
                l.Waiting,
                l.Published,
                l.InHand,
                l.Attended,
                Queue = Choice.Show(l.Queue),
                l.QueueDetail,
            }).ToList();
            if (session.Print.Json)
            {
                session.Print.Data(new { list.Transport, list.TransportState, Lanes = rows });
                return;
            }
            session.Print.Table(["bureau", "precedence", "waiting", "published", "in hand", "attended", "queue"],
                rows.Select(r => (IReadOnlyList<string>)
                [
                    r.Bureau, r.Precedence, r.Waiting.ToString(), r.Published.ToString(), r.InHand.ToString(), r.Attended ? "yes" : "no",
                    Told(r.Queue, r.QueueDetail),
                ]), "No bureau is registered.");
            session.Print.Line($"Transport {Plain.Line(list.Transport)}: {Plain.Line(list.TransportState)}.");
        });

    private static DocumentedCommand Rebuild(Shell shell)
    {
        var bureau = new Argument<string>("BUREAU") { Description = "The bureau's code." };
        var level = new Argument<string>("LEVEL") { Description = "routine, priority, immediate or flash." };
        var yes = new Option<bool>("--yes") { Description = "Do it. Without it, only what would be done is shown." };
        return new DocumentedCommand("rebuild", "Delete a lane's queue at the broker and fill it again from the plan. Nothing is lost.",
            "backbone ops lanes rebuild DE flash", "backbone ops lanes rebuild DE flash --yes")
            .With(bureau, level, yes)
            .Does(shell, async (session, stop) =>
            {
                var precedence = Choice.Read<Precedence>(session.Get(level)) is { } read and not Precedence.Unspecified
                    ? read : throw CommandFailure.Usage($"LEVEL is routine, priority, immediate or flash, not '{Plain.Line(session.Get(level))}'.");
                using var connection = NodeConnection.Open(session, HolderRole.Operator);
                var reply = await new OperationsService.OperationsServiceClient(connection.Channel).RebuildLaneAsync(
                    new RebuildLaneRequest { Bureau = session.Get(bureau), Precedence = precedence, DryRun = !session.Get(yes) },
                    cancellationToken: stop);
                var lane = $"{Plain.Line(session.Get(bureau))}/{Choice.Show(precedence)}";
                session.Print.Line(session.Get(yes)
                    ? $"The queue of {lane} is made anew; {reply.References} references are published again, {reply.InHand} of them were in hand."
                    : $"The queue of {lane} ({Told(Choice.Show(reply.Queue), reply.QueueDetail)}) would be deleted and {reply.References} references "
                        + $"published again, {reply.InHand} of them now in hand. Nothing was done: add --yes to do it.");
            });
    }

    private static string Told(string queue, string detail) => detail.Length == 0 ? queue : $"{queue}: {Plain.Line(detail)}";
}
