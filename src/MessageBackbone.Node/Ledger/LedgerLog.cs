using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Ledger;

internal static partial class LedgerLog
{
    [LoggerMessage(900, LogLevel.Debug, "The log {Origin} signed its tree of {Size} events")]
    public static partial void Signed(ILogger logger, string origin, ulong size);

    [LoggerMessage(901, LogLevel.Warning, "The tree was not signed, and is tried again: {Reason}")]
    public static partial void CannotSign(ILogger logger, string reason);

    [LoggerMessage(902, LogLevel.Critical, "No checkpoint is signed any more: {Reason}")]
    public static partial void Stopped(ILogger logger, string reason);
}
