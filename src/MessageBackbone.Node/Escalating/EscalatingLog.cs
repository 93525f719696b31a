using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

internal static partial class EscalatingLog
{
    [LoggerMessage(400, LogLevel.Information, "Message {Message} to {Bureau} is late: {Step} ({Reason})")]
    public static partial void Escalated(ILogger logger, string message, string bureau, string step, string reason);

    [LoggerMessage(401, LogLevel.Warning, "Message {Message} to {Bureau} is late and every other step was taken ({Reason}): look at the bureau's line and its duty desk")]
    public static partial void OperatorTold(ILogger logger, string message, string bureau, string reason);

    [LoggerMessage(402, LogLevel.Information, "Message {Message} goes to {Alternate} instead of {Bureau}")]
    public static partial void Redirected(ILogger logger, string message, string alternate, string bureau);

    [LoggerMessage(403, LogLevel.Warning, "Escalation waits: {Reason}")]
    public static partial void HeldUp(ILogger logger, string reason);

    [LoggerMessage(404, LogLevel.Critical, "{Part} stopped until the node is started again: {Reason}")]
    public static partial void PartStopped(ILogger logger, string part, string reason);

    [LoggerMessage(405, LogLevel.Warning, "The call to {Host} for event {Event} was not accepted ({Outcome}); it is tried again")]
    public static partial void CallFailed(ILogger logger, string host, string @event, string outcome);

    [LoggerMessage(406, LogLevel.Warning, "The call to {Host} for event {Event} was given up after {Attempts} tries ({Outcome})")]
    public static partial void CallGivenUp(ILogger logger, string host, string @event, uint attempts, string outcome);

    [LoggerMessage(407, LogLevel.Information, "{Host} accepted the call for event {Event} ({Outcome})")]
    public static partial void Called(ILogger logger, string host, string @event, string outcome);

    [LoggerMessage(408, LogLevel.Information, "{Bureau} was reminded of its answer to request {Message}")]
    public static partial void RequestReminded(ILogger logger, string message, string bureau);

    [LoggerMessage(409, LogLevel.Information, "The answer of {Bureau} to request {Message} is overdue: {To} is told")]
    public static partial void RequestOverdue(ILogger logger, string message, string bureau, string to);

    [LoggerMessage(410, LogLevel.Warning, "The answer of {Bureau} to request {Message} ({Class}) is overdue and every other step was taken")]
    public static partial void RequestForOperator(ILogger logger, string message, string bureau, string @class);

    [LoggerMessage(411, LogLevel.Warning, "Request {Message} to {Bureau} has no clock: the deadline class {Class} is not configured any more")]
    public static partial void RequestClassUnknown(ILogger logger, string message, string bureau, string @class);
}
