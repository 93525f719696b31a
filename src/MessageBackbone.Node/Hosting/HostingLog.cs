using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Hosting;

internal static partial class HostingLog
{
    [LoggerMessage(1, LogLevel.Information, "Node {Node} serves {Address} with log {Log}")]
    public static partial void Serving(ILogger logger, string node, Uri address, string log);

    [LoggerMessage(2, LogLevel.Warning, "A connection was closed: its {Kind} has as many as it may")]
    public static partial void ConnectionCapped(ILogger logger, string kind);

    [LoggerMessage(3, LogLevel.Information, "Node {Node} has stopped")]
    public static partial void Stopped(ILogger logger, string node);

    [LoggerMessage(4, LogLevel.Information, "Node {Node} read its keys and its authority's files anew; connections that are open stay")]
    public static partial void KeysRead(ILogger logger, string node);

    [LoggerMessage(5, LogLevel.Warning, "The node's keys or its authority's files cannot be used as they are now; the ones of before stay: {Reason}")]
    public static partial void KeysNotRead(ILogger logger, string reason);
}
