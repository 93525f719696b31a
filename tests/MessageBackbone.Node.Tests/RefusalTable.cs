using Grpc.Core;

namespace MessageBackbone.Node.Tests;

/// <summary>wire.md §7, "reason | status", word for word. It is written down again here, because a row that is wrong in the product's own table would be
/// sent wrong and expected wrong.</summary>
internal static class RefusalTable
{
    public static readonly IReadOnlyDictionary<string, StatusCode> Rows = new Dictionary<string, StatusCode>(StringComparer.Ordinal)
    {
        ["MALFORMED"] = StatusCode.InvalidArgument,
        ["FIELD_INVALID"] = StatusCode.InvalidArgument,
        ["BODY_MISMATCH"] = StatusCode.InvalidArgument,
        ["TOO_MANY_RECIPIENTS"] = StatusCode.InvalidArgument,
        ["CLOCK_SKEW"] = StatusCode.InvalidArgument,
        ["TOO_LARGE"] = StatusCode.ResourceExhausted,
        ["QUOTA_EXCEEDED"] = StatusCode.ResourceExhausted,
        ["BAD_SIGNATURE"] = StatusCode.Unauthenticated,
        ["CERTIFICATE_NOT_VALID"] = StatusCode.Unauthenticated,
        ["SIGNER_IS_NOT_SENDER"] = StatusCode.Unauthenticated,
        ["NOT_YOUR_BUREAU"] = StatusCode.PermissionDenied,
        ["ROLE_REQUIRED"] = StatusCode.PermissionDenied,
        ["EXCHANGE_NOT_PERMITTED"] = StatusCode.PermissionDenied,
        ["CLASSIFICATION_NOT_PERMITTED"] = StatusCode.PermissionDenied,
        ["UNKNOWN_BUREAU"] = StatusCode.NotFound,
        ["UNKNOWN_RECIPIENT"] = StatusCode.NotFound,
        ["UNKNOWN_MESSAGE"] = StatusCode.NotFound,
        ["DUPLICATE_ID_DIFFERENT_BYTES"] = StatusCode.AlreadyExists,
        ["EXPIRED"] = StatusCode.FailedPrecondition,
        ["ALREADY_FINAL"] = StatusCode.FailedPrecondition,
        ["DIRECTORY_CHANGED"] = StatusCode.FailedPrecondition,
        ["STORE_UNAVAILABLE"] = StatusCode.Unavailable,
        ["NOT_LEADER"] = StatusCode.Unavailable,
        ["DRAINING"] = StatusCode.Unavailable,
        ["SUPERSEDED"] = StatusCode.Aborted,
    };
}
