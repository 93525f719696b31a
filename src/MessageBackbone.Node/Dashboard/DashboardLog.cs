using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Dashboard;

internal static partial class DashboardLog
{
    [LoggerMessage(1, LogLevel.Information, "The dashboard is served at {Address}")]
    public static partial void Serving(ILogger logger, Uri address);

    [LoggerMessage(2, LogLevel.Information, "{Visitor} signed in by {Means}")]
    public static partial void SignedIn(ILogger logger, string visitor, string means);

    [LoggerMessage(3, LogLevel.Warning, "A request was refused before anybody was asked who he is: {Reason}")]
    public static partial void RefusedAtTheDoor(ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Warning, "The state that browsers are shown could not be read; they are told so, and it is tried again")]
    public static partial void CannotRead(ILogger logger, Exception fault);

    [LoggerMessage(5, LogLevel.Warning, "A page could not be shown because the store cannot serve")]
    public static partial void StoreAway(ILogger logger, Exception fault);
}
