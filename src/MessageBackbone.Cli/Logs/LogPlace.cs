using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.EventStoreDb;
using MessageBackbone.EventLog.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Cli.Logs;

/// <summary>Where an event log is, as a user names it: a node's data folder, or a connection string.</summary>
/// <param name="Text">The folder's full path, or the connection string.</param>
internal sealed record LogPlace(string Text, bool IsServer)
{
    public static LogPlace Read(string text, string option)
    {
        if (!text.Contains("://", StringComparison.Ordinal)) return new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(text)), false);
        return ConnectionString.ProblemWith(text) is { } problem ? throw CommandFailure.Usage($"{option}: {problem}", "Like esdb://127.0.0.1:2113?tls=false.") : new(text, true);
    }

    /// <summary>Opens the log.</summary>
    /// <param name="index">The folder for the index of event ids of a server.</param>
    /// <param name="mayMake">A folder without a log gets one. A source without one is a slip of the pen.</param>
    public async ValueTask<IEventLog> OpenAsync(string index, bool mayMake, TimeProvider clock, CancellationToken stop)
    {
        if (IsServer) return await EventStoreDbEventLog.OpenAsync(new() { ConnectionString = Text, Folder = index }, clock, NullLogger.Instance, stop);
        var options = new SqliteEventLogOptions { Folder = Text };
        if (!mayMake && !SqliteEventLog.IsIn(options)) throw new CommandFailure($"{Plain.Line(Text)} holds no event log.");
        return await SqliteEventLog.OpenAsync(options, clock, NullLogger.Instance);
    }
}
