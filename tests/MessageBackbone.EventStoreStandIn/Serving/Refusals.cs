using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>How the server refuses a whole call: status code and trailers are the server's.</summary>
internal static class Refusals
{
    public static RpcException NotLeader(StandIn? leader) => leader is null
        ? new(new(StatusCode.Unknown, "This node does not lead, and knows no leader."))
        : Named(StatusCode.NotFound, "This node does not lead.", "not-leader", ("leader-endpoint-host", "127.0.0.1"), ("leader-endpoint-port", $"{leader.Port}"));

    public static RpcException NotReady() => new(new(StatusCode.Unavailable, "This node is not ready."));

    public static RpcException TimedOut() => new(new(StatusCode.Aborted, "The time for the append is over."));

    public static RpcException TooSlow() => new(new(StatusCode.Aborted, "The reader of this subscription is too slow."));

    public static RpcException Deleted(string stream) =>
        Named(StatusCode.FailedPrecondition, $"The stream {stream} is deleted.", "stream-deleted", ("stream-name", stream));

    public static RpcException AccessDenied() => Named(StatusCode.PermissionDenied, "This user may not do that.", "access-denied");

    public static RpcException Unauthenticated() => new(new(StatusCode.Unauthenticated, "User or password is wrong."));

    public static RpcException TooLarge(int most) => Named(
        StatusCode.InvalidArgument, $"An append has {most} bytes at most.", "maximum-append-size-exceeded", ("maximum-append-size", $"{most}"));

    public static RpcException MetadataMissing(string name) => Named(
        StatusCode.InvalidArgument, $"An event needs the metadata '{name}'.", "missing-required-metadata-property", ("required-metadata-properties", "type,content-type"));

    public static RpcException Invalid(string what) => new(new(StatusCode.InvalidArgument, what));

    /// <summary>What the server does not check, and then cannot do.</summary>
    public static RpcException Failed(string what) => new(new(StatusCode.Unknown, what));

    private static RpcException Named(StatusCode code, string words, string exception, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var trailers = new Metadata { { "exception", exception } };
        foreach (var (key, value) in more) trailers.Add(key, value);
        return new(new(code, words), trailers);
    }
}

/// <summary>How the server refuses one append of a batch: code, name and detail are the server's.</summary>
internal static class BatchFaults
{
    private const string Details = "type.googleapis.com/event_store.client.";

    public static BatchAppendResp.Types.Fault AccessDenied() => Of(7, "AccessDenied");

    public static BatchAppendResp.Types.Fault TimedOut() => Of(4, "Timeout");

    public static BatchAppendResp.Types.Fault BadRequest() => Of(3, "BadRequest");

    public static BatchAppendResp.Types.Fault Deleted(string stream) => Of(5, "StreamDeleted", new StreamIdentifierDetail(stream).ToBytes());

    public static BatchAppendResp.Types.Fault TooLarge(int most) =>
        Of(3, "MaximumAppendSizeExceeded", new MaximumAppendSizeExceeded { MaxAppendSize = (uint)most }.ToByteString());

    public static BatchAppendResp.Types.Fault WrongExpectedVersion(WrongExpectedVersion detail) => Of(6, "WrongExpectedVersion", detail.ToByteString());

    /// <summary>Without a code: that the error is set is all that says so.</summary>
    public static BatchAppendResp.Types.Fault Unready(string words) => new() { Message = words, Details = Any.Pack(new Google.Protobuf.WellKnownTypes.Empty()) };

    private static BatchAppendResp.Types.Fault Of(int code, string name, ByteString? detail = null) =>
        new() { Code = code, Message = name, Details = new() { TypeUrl = Details + name, Value = detail ?? ByteString.Empty } };

    // A message whose field 1 is a stream identifier; the adapter's protos have no name for it.
    private sealed record StreamIdentifierDetail(string Stream)
    {
        public ByteString ToBytes() =>
            new ReadResp.Types.StreamNotFound { StreamIdentifier = new() { StreamName = ByteString.CopyFromUtf8(Stream) } }.ToByteString();
    }
}
