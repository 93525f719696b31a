using MessageBackbone.EventLog;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Projecting;

internal static partial class ProjectingLog
{
    [LoggerMessage(1, LogLevel.Information, "The read model {Name} follows the log from position {Position}")]
    public static partial void Following(ILogger logger, string name, LogPosition position);

    [LoggerMessage(2, LogLevel.Information, "The read model {Name} is built again from the log: {Reason}")]
    public static partial void Rebuilding(ILogger logger, string name, string reason);

    [LoggerMessage(3, LogLevel.Warning, "The read model {Name} waits at position {Position} and tries again")]
    public static partial void Waiting(ILogger logger, Exception fault, string name, LogPosition position);

    [LoggerMessage(4, LogLevel.Error, "The read model {Name} stopped at position {Position}: {State}")]
    public static partial void Stopped(ILogger logger, Exception? fault, string name, LogPosition position, string state);

    [LoggerMessage(5, LogLevel.Warning, "The read model {Name} skips events of the unknown type {Type}: a newer version of the node wrote them")]
    public static partial void UnknownType(ILogger logger, string name, string type);
}
