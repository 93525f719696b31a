using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Content;

internal static partial class ContentLog
{
    [LoggerMessage(1, LogLevel.Error, "The content store could not write a group of {Writes}; their callers were told, the next group tries again")]
    public static partial void GroupFailed(ILogger logger, Exception fault, int writes);

    [LoggerMessage(2, LogLevel.Debug, "The content store had nothing to roll back")]
    public static partial void RollbackFailed(ILogger logger, Exception fault);

    [LoggerMessage(3, LogLevel.Information, "{Dropped} of {Claims} old claims on bodies had no accepted message; what nobody else claims was dropped")]
    public static partial void Swept(ILogger logger, int claims, int dropped);

    [LoggerMessage(4, LogLevel.Warning, "Orphaned bodies could not be swept now")]
    public static partial void SweepFailed(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Information, "{Files} attachments that no accepted message names were dropped")]
    public static partial void AttachmentsSwept(ILogger logger, int files);
}
