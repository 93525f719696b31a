using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Inspecting;

/// <summary>The operator's order before a planned stop: the node takes nothing new.</summary>
internal static class DrainCommand
{
    private const int Longest = 3_600;

    public static DocumentedCommand Create(Shell shell)
    {
        var end = new Option<bool>("--end") { Description = "End it: the node takes submissions again." };
        var reason = new Option<string?>("--reason") { HelpName = "CODE", Description = "Why: a code, [A-Z_]{1,64}." };
        var after = new Option<int?>("--retry-after") { HelpName = "SECONDS", Description = "When refused senders are to try again, 1 to 3600; else as the node is configured." };
        var dry = new Option<bool>("--dry-run") { Description = "Only show what would be done, and the event that the log would get." };
        return new DocumentedCommand("drain",
            "Before a planned stop: the node takes no new submissions, and is not ready. What it took goes on. A restart ends it.",
            "backbone ops drain --dry-run", "backbone ops drain --reason PLANNED_STOP --retry-after 300", "backbone ops drain --end")
            .With(end, reason, after, dry, CommonOptions.Json)
            .Does(shell, async (session, stop) =>
            {
                var request = new DrainRequest { End = session.Get(end), Reason = session.Get(reason) ?? "", DryRun = session.Get(dry) };
                if (session.Get(after) is { } seconds)
                {
                    if (request.End) throw CommandFailure.Usage("--end wants no --retry-after.");
                    if (seconds is < 1 or > Longest) throw CommandFailure.Usage("--retry-after wants 1 to 3600 seconds.");
                    request.RetryAfter = new Duration { Seconds = seconds };
                }
                if (request.Reason.Length > 0 && !Patterns.IsReasonCode(request.Reason))
                    throw CommandFailure.Usage("--reason wants a code of capital letters and _, like PLANNED_STOP.");
                using var connection = NodeConnection.Open(session, HolderRole.Operator);
                var reply = await new OperationsService.OperationsServiceClient(connection.Channel).DrainAsync(request, cancellationToken: stop);
                Print(session, request, reply);
            });
    }

    private static void Print(Session session, DrainRequest request, DrainReply reply)
    {
        if (session.Print.Json)
        {
            session.Print.Data(new
            {
                Done = !request.DryRun,
                reply.Draining,
                RetryAfterSeconds = reply.RetryAfter?.Seconds,
                reply.Submissions,
                reply.Waiting,
                Attending = reply.Attending.ToArray(),
                Ordered = reply.Ordered is null ? null : ShownEvent.Fields(reply.Ordered),
                Ended = reply.Ended is null ? null : ShownEvent.Fields(reply.Ended),
            });
            return;
        }
        var now = reply.Draining ? $"The node is draining; senders are told to come again after {reply.RetryAfter?.Seconds} s." : "The node takes submissions.";
        session.Print.Line($"{now} {reply.Submissions} submissions are under way, {reply.Waiting} deliveries are open, "
            + $"attending: {(reply.Attending.Count == 0 ? "nobody" : string.Join(", ", reply.Attending.Select(Plain.Line)))}.");
        if (request.DryRun)
        {
            session.Print.Line(reply switch
            {
                { Ordered: { } ordered } => $"Nothing was done. The log would get:\n  operations.drain-ordered.v1 {ShownEvent.Fields(ordered).ToJsonString()}",
                { Ended: { } ended } => $"Nothing was done. The log would get:\n  operations.drain-ended.v1 {ShownEvent.Fields(ended).ToJsonString()}",
                _ => "Nothing would change.",
            });
        }
        else if (reply.Draining)
        {
            session.Print.Note("Once no submission is under way, stop the node; open deliveries go on after its start. To take it back: backbone ops drain --end");
        }
    }
}
