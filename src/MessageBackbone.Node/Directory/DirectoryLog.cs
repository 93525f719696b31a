using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Directory;

internal static partial class DirectoryLog
{
    [LoggerMessage(1, LogLevel.Information, "The directory holds {Bureaus} bureaus and {Certificates} certificates, as of position {Position}")]
    public static partial void Started(ILogger logger, int bureaus, int certificates, ulong position);

    [LoggerMessage(2, LogLevel.Warning, "The directory cannot follow the log now; it tries again")]
    public static partial void CannotFollow(ILogger logger, Exception fault);

    [LoggerMessage(3, LogLevel.Critical, "The directory met an event that it cannot fold; the node goes down rather than decide by an old directory")]
    public static partial void Broken(ILogger logger, Exception fault);

    [LoggerMessage(4, LogLevel.Information, "Act {ActId} is recorded at position {Position}")]
    public static partial void ActRecorded(ILogger logger, string actId, ulong position);
}
