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
}
