using Microsoft.Extensions.Logging;

namespace MessageBackbone.GrpcServer;

// Every log message of the server. A client that goes away is ordinary; only a method that throws what nobody mapped is an error.
internal static partial class GrpcServerLog
{
    [LoggerMessage(1, LogLevel.Error, "The method {Method} threw an exception that no interceptor mapped; the client gets UNKNOWN.")]
    public static partial void MethodFailed(ILogger logger, string method, Exception exception);

    [LoggerMessage(2, LogLevel.Debug, "The client cancelled {Method} or its connection ended.")]
    public static partial void ClientGone(ILogger logger, string method);

    [LoggerMessage(3, LogLevel.Debug, "{Method} ended with {StatusCode}.")]
    public static partial void CallRefused(ILogger logger, string method, Grpc.Core.StatusCode statusCode);

    [LoggerMessage(4, LogLevel.Debug, "The deadline of {Method} passed.")]
    public static partial void DeadlineExceeded(ILogger logger, string method);

    [LoggerMessage(5, LogLevel.Debug, "A request was refused before its method: {Reason}.")]
    public static partial void RequestRefused(ILogger logger, string reason);

    [LoggerMessage(6, LogLevel.Error, "{Method} ended in the middle of writing a message; the stream is reset.")]
    public static partial void BrokenWrite(ILogger logger, string method);

    [LoggerMessage(7, LogLevel.Debug, "{Service} has {Count} mapped methods.")]
    public static partial void ServiceMapped(ILogger logger, string service, int count);
}
