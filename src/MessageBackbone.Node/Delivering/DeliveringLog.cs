using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

internal static partial class DeliveringLog
{
    [LoggerMessage(300, LogLevel.Information, "{Bureau} attends (epoch {Epoch})")]
    public static partial void Attends(ILogger logger, string bureau, long epoch);

    [LoggerMessage(301, LogLevel.Information, "{Bureau} no longer attends: {Reason}")]
    public static partial void Left(ILogger logger, string bureau, string reason);

    [LoggerMessage(302, LogLevel.Warning, "Receipt of {Bureau} refused: {Reason}")]
    public static partial void ReceiptRefused(ILogger logger, string bureau, string reason);

    [LoggerMessage(303, LogLevel.Warning, "Lane {Lane}: sequence {Sequence} did not come from the transport; published again")]
    public static partial void Missing(ILogger logger, string lane, ulong sequence);

    [LoggerMessage(304, LogLevel.Warning, "Message {Message} at {Bureau}: no receipt after {Time} ({Reason}); given back to the plan")]
    public static partial void TakenBack(ILogger logger, Guid message, string bureau, TimeSpan time, string reason);

    [LoggerMessage(305, LogLevel.Warning, "Message {Message} at {Bureau}: the end of attempt {Attempt} could not be recorded ({Reason})")]
    public static partial void AttemptNotRecorded(ILogger logger, Guid message, string bureau, uint attempt, string reason);

    [LoggerMessage(306, LogLevel.Error, "Message {Message} of {Bureau}: its body is not in the content store; presented without it. Restore content.db")]
    public static partial void BodyLost(ILogger logger, string message, string bureau);

    [LoggerMessage(307, LogLevel.Information, "Message {Message} to {Bureau} expired")]
    public static partial void Expired(ILogger logger, string message, string bureau);

    [LoggerMessage(308, LogLevel.Warning, "Deliveries whose time is over, or that were recalled, or whose recipient is closed, wait for their end to be recorded: {Reason}")]
    public static partial void ExpiryHeldUp(ILogger logger, string reason);

    [LoggerMessage(309, LogLevel.Critical, "{Part} stopped until the node is started again: {Reason}")]
    public static partial void PartStopped(ILogger logger, string part, string reason);

    [LoggerMessage(310, LogLevel.Information, "Message {Message} is recalled by order {Order}")]
    public static partial void RecallOrdered(ILogger logger, string message, string order);

    [LoggerMessage(311, LogLevel.Information, "Message {Message} to {Bureau} ended as recalled")]
    public static partial void Recalled(ILogger logger, string message, string bureau);

    [LoggerMessage(312, LogLevel.Information, "Message {Message} is asked back from {Bureau}")]
    public static partial void AskedBack(ILogger logger, string message, string bureau);

    [LoggerMessage(314, LogLevel.Information, "Message {Message} to {Bureau} ended: the bureau is closed")]
    public static partial void EndedAsClosed(ILogger logger, string message, string bureau);

    [LoggerMessage(313, LogLevel.Information, "Nobody is told that {Message} did not reach {Bureau}: its sender is closed, or it was a word of the house")]
    public static partial void NobodyToTell(ILogger logger, string message, string bureau);
}
