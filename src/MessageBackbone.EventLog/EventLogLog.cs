using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog;

internal static partial class EventLogLog
{
    [LoggerMessage(1, LogLevel.Information, "Event log {Name} is open at {File}; its last position is {Position}")]
    public static partial void Opened(ILogger logger, string name, string file, long position);

    [LoggerMessage(2, LogLevel.Error, "The event log could not write a group of {Appends} appends; their callers were told, the next group tries again")]
    public static partial void GroupFailed(ILogger logger, Exception fault, int appends);

    [LoggerMessage(3, LogLevel.Warning, "The event log opened its file again after a fault; its last position is {Position}")]
    public static partial void Recovered(ILogger logger, long position);

    [LoggerMessage(4, LogLevel.Warning, "The event log could not roll back after a fault; the connection is given up")]
    public static partial void RollbackFailed(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Warning, "The event log could not move its write-ahead log into the database; it tries again later")]
    public static partial void CheckpointFailed(ILogger logger, Exception fault);

    [LoggerMessage(6, LogLevel.Debug, "The event log's write-ahead log has {Total} pages, of which {Moved} could be moved while it is read; it tries again later")]
    public static partial void CheckpointIncomplete(ILogger logger, int total, int moved);

    [LoggerMessage(7, LogLevel.Information, "The event log is reached at {Host}")]
    public static partial void Connected(ILogger logger, string host);

    [LoggerMessage(8, LogLevel.Warning, "The event log {Log} cannot be reached: {Why}; the next attempt is not made within {Pause}")]
    public static partial void Unreachable(ILogger logger, string log, string why, TimeSpan pause);

    [LoggerMessage(9, LogLevel.Information, "{Host} does not lead the event log any more; it names {Leader}")]
    public static partial void LeaderChanged(ILogger logger, string host, string leader);

    [LoggerMessage(10, LogLevel.Warning, "The index of event ids {File} is of another log, or damaged, and is made again from the log")]
    public static partial void IndexMadeAgain(ILogger logger, string file);

    [LoggerMessage(11, LogLevel.Error, "The event log's stream {Stream} {What}: the log will not open again before this is put right")]
    public static partial void Objection(ILogger logger, string stream, string what);

    [LoggerMessage(12, LogLevel.Warning, "The index of event ids cannot keep up with the log; it tries again in {Pause}")]
    public static partial void FollowingFailed(ILogger logger, Exception fault, TimeSpan pause);

    [LoggerMessage(13, LogLevel.Warning, "The event log did not say in time how large an append may be; one of 8 MiB might be refused")]
    public static partial void SizeUnknown(ILogger logger);

    [LoggerMessage(14, LogLevel.Warning, "The event log was put back to an earlier state than the index of its ids, {File}, which is made again from it")]
    public static partial void IndexAhead(ILogger logger, string file);
}
