using Grpc.Core;

namespace MessageBackbone.GrpcClient;

// What a failure of the transport means as a status, by the table of the gRPC-over-HTTP/2 protocol.
internal static class ClientFaults
{
    public static RpcException ToRpcException(Exception fault, bool deadlinePassed, bool stopped, CancellationToken callers)
    {
        if (fault is RpcException rpc)
            return rpc;
        if (deadlinePassed)
            return new RpcException(new Status(StatusCode.DeadlineExceeded, "The deadline of the call passed.", fault));
        if (stopped || callers.IsCancellationRequested)
            return Cancelled(fault);
        return new RpcException(OfTransport(fault));
    }

    public static RpcException Cancelled(Exception? fault) => new(new Status(StatusCode.Cancelled, "The call was cancelled by the client.", fault));

    private static Status OfTransport(Exception fault)
    {
        for (var inner = fault; inner is not null; inner = inner.InnerException)
        {
            if (inner is HttpProtocolException protocol)
                return new Status(OfReset(protocol.ErrorCode), $"The server reset the stream or connection (HTTP/2 error 0x{protocol.ErrorCode:x}).", fault);
        }

        return fault is HttpRequestException or IOException
            ? new Status(StatusCode.Unavailable, $"The server cannot be reached or the connection was lost ({fault.GetType().Name}).", fault)
            : new Status(StatusCode.Internal, $"The call failed ({fault.GetType().Name}).", fault);
    }

    private static StatusCode OfReset(long http2Error) => http2Error switch
    {
        0x7 => StatusCode.Unavailable, // REFUSED_STREAM: nothing was processed
        0x8 => StatusCode.Cancelled, // CANCEL
        0xb => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };
}
