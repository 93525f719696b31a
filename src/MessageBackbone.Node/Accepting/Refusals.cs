using System.Collections.Frozen;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>The one table from reason to status (wire.md §7), and the two forms in which a refusal travels.</summary>
public static class Refusals
{
    private const string Domain = "backbone";
    internal const string DetailsKey = "grpc-status-details-bin";
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(2);

    private static readonly FrozenDictionary<string, StatusCode> Table = new Dictionary<string, StatusCode>(StringComparer.Ordinal)
    {
        [Reasons.Malformed] = StatusCode.InvalidArgument,
        [Reasons.FieldInvalid] = StatusCode.InvalidArgument,
        [Reasons.BodyMismatch] = StatusCode.InvalidArgument,
        [Reasons.TooManyRecipients] = StatusCode.InvalidArgument,
        [Reasons.ClockSkew] = StatusCode.InvalidArgument,
        [Reasons.TooLarge] = StatusCode.ResourceExhausted,
        [Reasons.QuotaExceeded] = StatusCode.ResourceExhausted,
        [Reasons.BadSignature] = StatusCode.Unauthenticated,
        [Reasons.CertificateNotValid] = StatusCode.Unauthenticated,
        [Reasons.SignerIsNotSender] = StatusCode.Unauthenticated,
        [Reasons.NotYourBureau] = StatusCode.PermissionDenied,
        [Reasons.RoleRequired] = StatusCode.PermissionDenied,
        [Reasons.ExchangeNotPermitted] = StatusCode.PermissionDenied,
        [Reasons.ClassificationNotPermitted] = StatusCode.PermissionDenied,
        [Reasons.UnknownBureau] = StatusCode.NotFound,
        [Reasons.UnknownRecipient] = StatusCode.NotFound,
        [Reasons.UnknownMessage] = StatusCode.NotFound,
        [Reasons.DuplicateIdDifferentBytes] = StatusCode.AlreadyExists,
        [Reasons.Expired] = StatusCode.FailedPrecondition,
        [Reasons.AlreadyFinal] = StatusCode.FailedPrecondition,
        [Reasons.DirectoryChanged] = StatusCode.FailedPrecondition,
        [Reasons.StoreUnavailable] = StatusCode.Unavailable,
        [Reasons.NotLeader] = StatusCode.Unavailable,
        [Reasons.Draining] = StatusCode.Unavailable,
        [Reasons.Superseded] = StatusCode.Aborted,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static StatusCode StatusOf(string reason) => Table[reason];

    /// <summary>The refusal that a fault of a store is told as; null: it is another fault.</summary>
    public static RefusalException? OfFault(Exception fault) => fault switch
    {
        EventLogUnavailableException or ContentUnavailableException =>
            new RefusalException(Reasons.StoreUnavailable, "The node cannot write now. Send the same bytes again later.", retryAfter: StoreRetry),
        FollowerStoppedException or ReadModelFault =>
            new RefusalException(Reasons.StoreUnavailable, "A read model of the node does not serve now. The node's status says why; ask again later.", retryAfter: StoreRetry),
        _ => null,
    };

    /// <summary>Inside a stream.</summary>
    public static Refusal ToMessage(this RefusalException refusal)
    {
        var message = new Refusal { Reason = refusal.Reason, Text = refusal.Message, Fields = { refusal.Fields } };
        message.Metadata.Add(refusal.Details.ToDictionary());
        message.RetryAfter = refusal.RetryAfter?.ToDuration();
        return message;
    }

    /// <summary>On a call: the status with <c>google.rpc.Status</c> details.</summary>
    public static RpcException ToStatus(this RefusalException refusal)
    {
        var code = StatusOf(refusal.Reason);
        var info = new ErrorInfo { Reason = refusal.Reason, Domain = Domain };
        info.Metadata.Add(refusal.Details.ToDictionary());
        var status = new Google.Rpc.Status { Code = (int)code, Message = refusal.Message, Details = { Any.Pack(info) } };
        if (refusal.Fields.Count > 0)
        {
            var violations = refusal.Fields.Select(field => new BadRequest.Types.FieldViolation { Field = field, Description = refusal.Message });
            status.Details.Add(Any.Pack(new BadRequest { FieldViolations = { violations } }));
        }

        if (refusal.RetryAfter is { } after)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = after.ToDuration() }));
        }

        return new RpcException(new Grpc.Core.Status(code, refusal.Message), new Metadata { { DetailsKey, status.ToByteArray() } });
    }
}
