using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Operations;

internal static partial class OperationsLog
{
    [LoggerMessage(601, LogLevel.Warning, "{By} ordered that the node drains: new submissions are refused, and told to come again after {Seconds} s")]
    public static partial void DrainOrdered(ILogger logger, string by, double seconds);

    [LoggerMessage(602, LogLevel.Information, "{By} ended the drain: the node takes submissions again")]
    public static partial void DrainEnded(ILogger logger, string by);

    [LoggerMessage(603, LogLevel.Warning, "The node takes submissions, but whether an earlier run of it left a drain in the log is not known: {Fault}")]
    public static partial void DrainNotEnded(ILogger logger, string fault);
}
