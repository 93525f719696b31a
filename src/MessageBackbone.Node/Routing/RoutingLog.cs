using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing;

internal static partial class RoutingLog
{
    [LoggerMessage(200, LogLevel.Warning, "The plan waits for the log: {Reason}")]
    public static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(201, LogLevel.Critical, "Routing: the {Part} stopped until the node is started again: {Reason}")]
    public static partial void Stopped(ILogger logger, string part, string reason);

    [LoggerMessage(202, LogLevel.Warning, "Lane {Lane}: {Count} references were not confirmed and are published again; first reason: {Reason}")]
    public static partial void NotConfirmed(ILogger logger, string lane, int count, string reason);

    [LoggerMessage(203, LogLevel.Warning, "The plan cannot be read or written now: {Reason}")]
    public static partial void PlanAway(ILogger logger, string reason);

    [LoggerMessage(210, LogLevel.Information, "RabbitMQ {Version} at {Host}: connected")]
    public static partial void BrokerUp(ILogger logger, string version, string host);

    [LoggerMessage(211, LogLevel.Warning, "RabbitMQ at {Host} is away ({Reason}); messages are accepted and wait, next try in {Delay}")]
    public static partial void BrokerAway(ILogger logger, string host, string reason, TimeSpan delay);

    [LoggerMessage(212, LogLevel.Warning, "RabbitMQ is not the one seen before: {Count} open references are published again")]
    public static partial void BrokerWiped(ILogger logger, int count);

    [LoggerMessage(213, LogLevel.Error, "Queue {Queue} has other arguments than this node declares ({Reason}); nothing is published to it. "
        + "Delete the queue: the plan fills it again")]
    public static partial void LaneDiffers(ILogger logger, string queue, string reason);

    [LoggerMessage(214, LogLevel.Error, "RabbitMQ {Version} drops messages that are returned to it (the probe survived {Returns} returns); it is not used")]
    public static partial void ProbeLost(ILogger logger, string version, int returns);

    [LoggerMessage(215, LogLevel.Warning, "Lane {Lane}: its queue is empty while the plan says otherwise; {Count} references are published again")]
    public static partial void LaneEmpty(ILogger logger, string lane, int count);

    [LoggerMessage(216, LogLevel.Warning, "Lane {Lane}: its receiver did not start ({Reason}); trying again")]
    public static partial void LaneNotAttached(ILogger logger, string lane, string reason);

    [LoggerMessage(217, LogLevel.Warning, "Lane {Lane}: a message could not be taken and goes back to its queue ({Reason})")]
    public static partial void NotTaken(ILogger logger, string lane, string reason);

    [LoggerMessage(218, LogLevel.Warning, "MassTransit did not start ({Reason}); trying again")]
    public static partial void BusNotStarted(ILogger logger, string reason);

    [LoggerMessage(219, LogLevel.Warning, "Lane {Lane}: its queue gives no answer while the broker is there, and nothing is sent to it until it does. "
        + "Should it last, restart the broker: then the queue is made anew")]
    public static partial void LaneSilent(ILogger logger, string lane);

    [LoggerMessage(220, LogLevel.Warning, "Lane {Lane}: its queue gave no answer and was made anew; {Count} references are published again")]
    public static partial void LaneRebuilt(ILogger logger, string lane, int count);

    [LoggerMessage(221, LogLevel.Warning, "RabbitMQ at {Host} takes nothing ({Reason}); messages are accepted and wait until it does")]
    public static partial void BrokerBlocked(ILogger logger, string host, string reason);

    [LoggerMessage(222, LogLevel.Information, "RabbitMQ at {Host} takes messages again")]
    public static partial void BrokerFlows(ILogger logger, string host);

    [LoggerMessage(223, LogLevel.Warning, "Lane {Lane}: its queue was made anew by an operator's order; {Count} references are published again")]
    public static partial void LaneRebuiltByOrder(ILogger logger, string lane, int count);
}
