using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.GrpcServer;

// What an exception that left a method means to the client, and how loud it is in the log.
internal static class CallFaults
{
    public static (Status Status, Metadata? Trailers) Judge(Exception fault, ServerCall call, bool deadlinePassed, string method)
    {
        var logger = call.Settings.Logger;
        switch (fault)
        {
            case RpcException rpc:
                GrpcServerLog.CallRefused(logger, method, rpc.StatusCode);
                return (rpc.Status, rpc.Trailers);
            case OperationCanceledException or IOException or ConnectionAbortedException when deadlinePassed:
                return (new Status(StatusCode.DeadlineExceeded, "The deadline of the call passed."), null);
            case OperationCanceledException or IOException or ConnectionAbortedException when call.Http.RequestAborted.IsCancellationRequested:
                GrpcServerLog.ClientGone(logger, method);
                return (new Status(StatusCode.Cancelled, "The client ended the call."), null);
            case BadHttpRequestException or ConnectionResetException:
                GrpcServerLog.ClientGone(logger, method);
                return (new Status(StatusCode.Cancelled, "The request broke off."), null);
            default:
                GrpcServerLog.MethodFailed(logger, method, fault);
                return (new Status(StatusCode.Unknown, Text(fault, call.Settings.DetailedErrors)), null);
        }
    }

    public static Metadata Merge(Metadata? first, Metadata second)
    {
        if (first is null)
            return second;
        Metadata merged = [.. first, .. second];
        return merged;
    }

    private static string Text(Exception fault, bool detailed) =>
        detailed ? $"The method threw {fault.GetType().Name}: {fault.Message}" : "The method failed.";
}
