using System.CommandLine;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.EventLog.Copying;

namespace MessageBackbone.Cli.Logs;

/// <summary>`backbone log`: the event log as a whole, on the node's side, with the node stopped.</summary>
internal static class LogCommands
{
    private static readonly Option<string> From =
        new("--from") { Description = "The log to copy: a node's data folder, or the connection string of an EventStoreDB.", HelpName = "LOG", Required = true };
    private static readonly Option<string> To =
        new("--to") { Description = "Where to: the same. A folder that holds no log is made; what is there must be the beginning of the log.", HelpName = "LOG", Required = true };
    private static readonly Option<string?> Index =
        new("--index") { Description = "Folder for the index of event ids of an EventStoreDB. Default: the one that a node in DATA/node uses.", HelpName = "DIR" };

    public static Command Create(Shell shell) => new DocumentedCommand("log", "The event log as a whole.", "backbone log copy --from .backbone/node --to esdb://127.0.0.1:2113?tls=false")
        .With(Copy(shell));

    private static DocumentedCommand Copy(Shell shell) => new DocumentedCommand("copy",
            "Copy the event log from one store into another, in order, and compare the two event by event. Stop the node before. Run again, it goes on where it stopped.",
            "backbone log copy --from .backbone/node --to esdb://127.0.0.1:2113?tls=false",
            "backbone log copy --from 'esdb+discover://a,b,c?tlsCaFile=/etc/messagebackbone/trust/eventstore-ca.pem' --to /var/lib/messagebackbone-node")
        .With(From, To, Index, CommonOptions.Json)
        .Does(shell, CopyAsync);

    private static async Task CopyAsync(Session session, CancellationToken stop)
    {
        var (from, to) = (LogPlace.Read(session.Get(From)!, "--from"), LogPlace.Read(session.Get(To)!, "--to"));
        if (from == to) throw CommandFailure.Usage("--from and --to are the same log.", "Name two.");
        var index = Path.GetFullPath(session.Get(Index) ?? Path.Combine(session.Settings.Data, "node", "eventstore"));
        await using var source = await from.OpenAsync(index + (to.IsServer ? "-from" : ""), mayMake: false, session.Shell.Clock, stop);
        await using var target = await to.OpenAsync(index, mayMake: true, session.Shell.Clock, stop);
        try
        {
            var copied = await new LogCopy(source, target).RunAsync(Told(session), stop);
            Show(session, copied, to);
        }
        catch (LogCopyException difference)
        {
            throw new CommandFailure(difference.Message);
        }
    }

    private static Action<LogCopyProgress> Told(Session session)
    {
        var (clock, last) = (session.Shell.Clock, session.Shell.Clock.GetTimestamp());
        return progress =>
        {
            if (session.Print.Json || clock.GetElapsedTime(last) < TimeSpan.FromSeconds(1)) return;
            last = clock.GetTimestamp();
            session.Print.LiveLine($"  {progress.Events} events {Words(progress.Stage)}");
        };
    }

    private static string Words(LogCopyStage stage) => stage switch
    {
        LogCopyStage.Resuming => "were there and are the same",
        LogCopyStage.Copying => "are copied",
        _ => "are compared",
    };

    private static void Show(Session session, LogCopied copied, LogPlace to)
    {
        if (session.Print.Json)
        {
            session.Print.Data(copied);
            return;
        }

        session.Print.Line($"{copied.From} is copied to {copied.To}: {copied.Copied} events now, {copied.There} before; {copied.Compared} compared, all equal.");
        session.Print.Line("Positions are each store's own. Before the node starts on it, remove plan.db* and read-models/ from its data folder: both are made again from the log.");
        session.Print.Line(to.IsServer ? "Then start it with this connection string as Node:EventStore." : "Then start it without Node:EventStore.");
    }
}
