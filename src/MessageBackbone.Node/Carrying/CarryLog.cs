using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Carrying;

internal static partial class CarryLog
{
    [LoggerMessage(500, LogLevel.Information, "File {Number} to {Bureau} was written: {Deliveries} deliveries")]
    public static partial void Exported(ILogger logger, ulong number, string bureau, ulong deliveries);

    [LoggerMessage(501, LogLevel.Information, "File {Number} of {Bureau} was taken: {Taken} messages new, {Repeated} repeated, {Refused} refused; {Receipts} receipts")]
    public static partial void Imported(ILogger logger, ulong number, string bureau, ulong taken, ulong repeated, ulong refused, ulong receipts);

    [LoggerMessage(502, LogLevel.Warning, "File {Number} of {Bureau} was taken although it was not the next one")]
    public static partial void GapAccepted(ILogger logger, ulong number, string bureau);

    [LoggerMessage(503, LogLevel.Warning, "What became of {MessageId} is too large for a carry file: {Bureau} is not told")]
    public static partial void TrackingTooLarge(ILogger logger, string messageId, string bureau);
}
