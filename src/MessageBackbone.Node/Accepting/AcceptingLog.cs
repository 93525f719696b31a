using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Accepting;

internal static partial class AcceptingLog
{
    [LoggerMessage(1, LogLevel.Debug, "Refused with {Reason}: {Method}")]
    public static partial void Refused(ILogger logger, string reason, string method);

    [LoggerMessage(2, LogLevel.Error, "A store could not serve {Method}; the caller was told to repeat")]
    public static partial void StoreFailed(ILogger logger, Exception fault, string method);

    [LoggerMessage(3, LogLevel.Error, "{Method} failed in trace {TraceId}; the caller was told nothing about why")]
    public static partial void Failed(ILogger logger, Exception fault, string method, string traceId);

    [LoggerMessage(4, LogLevel.Warning, "Refusals of an enrolled caller could not be recorded; they are counted into the next event")]
    public static partial void SecurityNotRecorded(ILogger logger, Exception fault);
}
