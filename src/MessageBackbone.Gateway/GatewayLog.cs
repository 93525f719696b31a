using System.Net.Security;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway;

/// <summary>Everything that the gateway logs: ids, digests, codes and counts. Never a body, a key or the name of a person.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(1, LogLevel.Information, "Gateway of {Bureau} started; local API at {Address}, node {Node}")]
    public static partial void Started(ILogger log, string bureau, Uri address, Uri node);

    [LoggerMessage(2, LogLevel.Information, "Gateway of {Bureau} stopped")]
    public static partial void Stopped(ILogger log, string bureau);

    [LoggerMessage(10, LogLevel.Warning, "The node's certificate is not trusted ({Errors}): {Problem}")]
    public static partial void NodeNotTrusted(ILogger log, SslPolicyErrors errors, string problem);

    [LoggerMessage(11, LogLevel.Warning, "The own keys could not be read again: {Problem}")]
    public static partial void KeysNotRead(ILogger log, string problem);

    [LoggerMessage(13, LogLevel.Information, "{Bureau} has read its keys, the CA and the revocation list again: they are used from the next message and call on")]
    public static partial void KeysRead(ILogger log, string bureau);

    [LoggerMessage(14, LogLevel.Information, "{Bureau} has new keys in its folder that the directory does not hold yet: the ones before are used until it does")]
    public static partial void KeysWait(ILogger log, string bureau);

    [LoggerMessage(12, LogLevel.Error, "The store failed with SQLite error {Code}")]
    public static partial void StoreFailed(ILogger log, int code, Exception fault);

    [LoggerMessage(20, LogLevel.Information, "The directory watch ended: {Reason}")]
    public static partial void DirectoryWatchEnded(ILogger log, string reason);

    [LoggerMessage(21, LogLevel.Warning, "A certificate of {Bureau} in the directory is kept out: {Sha256}: {Problem}")]
    public static partial void CertificateKeptOut(ILogger log, string bureau, string sha256, string problem);

    [LoggerMessage(22, LogLevel.Information, "The node cannot be asked for a topic's subscribers ({Status}); the own copy is used")]
    public static partial void TopicFromCopy(ILogger log, StatusCode status);

    [LoggerMessage(30, LogLevel.Information, "Submitting pauses for {Milliseconds:F0} ms: {Reason}")]
    public static partial void SubmittingPaused(ILogger log, string reason, double milliseconds);

    [LoggerMessage(31, LogLevel.Error, "Message {MessageId} could not be submitted; it waits")]
    public static partial void SubmitFailed(ILogger log, string messageId, Exception fault);

    [LoggerMessage(32, LogLevel.Error, "The acceptance of {MessageId} does not verify: {Problem}")]
    public static partial void AcceptanceNotVerified(ILogger log, string messageId, string problem);

    [LoggerMessage(33, LogLevel.Warning, "The node refused {MessageId}: {Reason}")]
    public static partial void MessageRefused(ILogger log, string messageId, string reason);

    [LoggerMessage(34, LogLevel.Information, "Message {MessageId} was sealed again, {Times} times now: the directory changed")]
    public static partial void SealedAgain(ILogger log, string messageId, int times);

    [LoggerMessage(35, LogLevel.Information, "Message {MessageId} was signed again as {NewMessageId}: {Reason}")]
    public static partial void SignedAgain(ILogger log, string messageId, string newMessageId, string reason);

    [LoggerMessage(40, LogLevel.Information, "Attending at node {Node}")]
    public static partial void Attending(ILogger log, string node);

    [LoggerMessage(41, LogLevel.Information, "The attendance ended ({Reason}); again in {Milliseconds:F0} ms")]
    public static partial void AttendanceEnded(ILogger log, string reason, double milliseconds);

    [LoggerMessage(42, LogLevel.Warning,
        "Another gateway attends for this bureau; this one waits {Seconds:F0} s before it tries again. Two gateways with one bureau's keys should not run")]
    public static partial void Superseded(ILogger log, double seconds);

    [LoggerMessage(43, LogLevel.Error, "The attendance failed")]
    public static partial void AttendanceFailed(ILogger log, Exception fault);

    [LoggerMessage(50, LogLevel.Warning, "Delivery of {MessageId} refused as {Reason}: {Problem}")]
    public static partial void DeliveryRefused(ILogger log, string messageId, string reason, string problem);

    [LoggerMessage(51, LogLevel.Error, "A delivery at position {Position} has no readable header and no valid acceptance: it cannot be receipted")]
    public static partial void DeliveryUnreadable(ILogger log, ulong position);

    [LoggerMessage(52, LogLevel.Warning, "The acceptance that came with {MessageId} does not verify: {Problem}")]
    public static partial void DeliveredAcceptanceNotVerified(ILogger log, string messageId, string problem);

    [LoggerMessage(53, LogLevel.Warning, "Message {MessageId} came with another header than the one in the inbox; it is kept apart")]
    public static partial void OtherHeader(ILogger log, string messageId);

    [LoggerMessage(54, LogLevel.Error, "The body of {MessageId} could not be fetched: {Problem}")]
    public static partial void BodyNotFetched(ILogger log, string messageId, string problem);

    [LoggerMessage(55, LogLevel.Warning, "The node refused the receipt for {MessageId}: {Reason}. It is kept")]
    public static partial void ReceiptRefused(ILogger log, string messageId, string reason);

    [LoggerMessage(56, LogLevel.Warning, "{Count} sequence numbers of {Precedence} ended without being presented")]
    public static partial void Skipped(ILogger log, int count, string precedence);

    [LoggerMessage(57, LogLevel.Information, "The receipt for {MessageId} was signed again: the node did not take the signer of the first one")]
    public static partial void ReceiptSignedAgain(ILogger log, string messageId);

    [LoggerMessage(58, LogLevel.Warning, "Processing {MessageId} failed, try {Attempt}: {Fault}")]
    public static partial void ProcessingFailed(ILogger log, string messageId, int attempt, string fault);

    [LoggerMessage(59, LogLevel.Warning,
        "Message {MessageId} cannot be processed ({Reason}) and is receipted QUARANTINED. Later ones of its conversation wait until an operator releases or refuses it")]
    public static partial void Quarantined(ILogger log, string messageId, string reason);

    [LoggerMessage(60, LogLevel.Warning, "A local request was refused: {Reason}")]
    public static partial void LocalRequestRefused(ILogger log, string reason);

    [LoggerMessage(61, LogLevel.Error, "A local request failed: {Method} {Route}")]
    public static partial void LocalRequestFailed(ILogger log, string method, string route, Exception fault);

    [LoggerMessage(70, LogLevel.Information, "Message {MessageId} was recalled by its sender with order {OrderId}: {State}")]
    public static partial void Recalled(ILogger log, string messageId, string orderId, string state);

    [LoggerMessage(71, LogLevel.Warning, "The order to recall {OrderId} does not verify, and nothing was done: {Problem}")]
    public static partial void OrderNotVerified(ILogger log, string orderId, string problem);

    [LoggerMessage(72, LogLevel.Information, "Uploading the attachments of {MessageId} pauses: {Problem}")]
    public static partial void UploadPaused(ILogger log, string messageId, string problem);

    [LoggerMessage(73, LogLevel.Information, "Fetching an attachment of {MessageId} pauses: {Problem}")]
    public static partial void FetchPaused(ILogger log, string messageId, string problem);

    [LoggerMessage(74, LogLevel.Warning, "An attachment of {MessageId} cannot be fetched: {Reason}")]
    public static partial void FetchFailed(ILogger log, string messageId, string reason);

    [LoggerMessage(75, LogLevel.Error, "Work on attachments failed; it is tried again")]
    public static partial void AttachmentsFailed(ILogger log, Exception fault);

    [LoggerMessage(76, LogLevel.Information, "The node takes messages again")]
    public static partial void SubmittingGoesOn(ILogger log);

    [LoggerMessage(80, LogLevel.Error, "A carry file could not be imported to its end; it is not taken")]
    public static partial void CarryHeldUp(ILogger log, Exception fault);

    [LoggerMessage(81, LogLevel.Warning, "The node's file says that {MessageId} is ahead of the node's clock: it waits on and goes into the next file. Look at this gateway's clock")]
    public static partial void AheadOfTheNode(ILogger log, string messageId);

    [LoggerMessage(82, LogLevel.Error, "A carry file could not be written")]
    public static partial void CarryNotWritten(ILogger log, Exception fault);
}
