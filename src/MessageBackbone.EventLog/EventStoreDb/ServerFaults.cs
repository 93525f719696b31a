using System.Globalization;
using System.Net;
using Grpc.Core;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>What a failed call says, and what follows from it.</summary>
internal static class ServerFaults
{
    /// <summary>The node that leads, when the fault is that the node asked does not.</summary>
    public static DnsEndPoint? LeaderNamed(RpcException fault)
    {
        if (Trailer(fault, "exception") != "not-leader" || Trailer(fault, "leader-endpoint-host") is not { } host) return null;
        return int.TryParse(Trailer(fault, "leader-endpoint-port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535
            ? new(host, port)
            : null;
    }

    /// <summary>The connection is as good as before: the server heard the call and refused this one.</summary>
    public static bool IsOfTheCallAlone(RpcException fault) =>
        fault.StatusCode is StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.PermissionDenied or StatusCode.ResourceExhausted;

    /// <summary>User, password or rights are wrong: trying again changes nothing.</summary>
    public static bool IsRefusedAccess(RpcException fault) => fault.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied;

    /// <summary>Why the transport failed, in the words of its innermost cause: "connection refused" says more than "the server cannot be reached".</summary>
    public static string Words(Exception fault)
    {
        var inner = fault is RpcException { Status.DebugException: { } cause } ? cause : fault;
        while (inner.InnerException is { } deeper) inner = deeper;
        return fault is RpcException rpc ? inner == fault ? rpc.Status.Detail : $"{rpc.Status.Detail} {inner.Message}" : inner.Message;
    }

    private static string? Trailer(RpcException fault, string key) => fault.Trailers.GetValue(key);
}
