using Google.Protobuf;
using Grpc.Core;

namespace Google.Rpc;

/// <summary>Status details in the trailer <c>grpc-status-details-bin</c>: how a refusal says its reason, fields and pause to programs.</summary>
public static class RpcStatusExtensions
{
    public const string DetailsTrailer = "grpc-status-details-bin";

    /// <summary>The exception that carries this status, code and text repeated in <c>grpc-status</c> and <c>grpc-message</c>.</summary>
    public static RpcException ToRpcException(this Status status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return new RpcException(
            new Grpc.Core.Status((StatusCode)status.Code, status.Message), new Metadata { { DetailsTrailer, status.ToByteArray() } });
    }

    /// <summary>The details that came with a failed call; null without any, or where what came is no such message.</summary>
    public static Status? GetRpcStatus(this RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (exception.Trailers.Get(DetailsTrailer) is not { IsBinary: true } entry)
            return null;
        try
        {
            return Status.Parser.ParseFrom(entry.ValueBytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>The first detail of that type, or null.</summary>
    public static T? GetDetail<T>(this Status status)
        where T : class, IMessage<T>, new()
    {
        ArgumentNullException.ThrowIfNull(status);
        foreach (var detail in status.Details)
        {
            if (detail.TryUnpack<T>(out var found))
                return found;
        }

        return null;
    }
}
