using Grpc.Core;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Connecting;
using MessageBackbone.Protocol.Signing;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>Errors of the local API: application/problem+json with the refusal's reason, text and fields.</summary>
internal static class Problems
{
    public static IResult Of(int status, string reason, string text, IReadOnlyList<string>? fields = null) => Results.Problem(
        detail: text, statusCode: status, title: reason, type: $"urn:backbone:refusal:{reason}",
        extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["reason"] = reason, ["fields"] = fields ?? [] });

    public static IResult NotFound(string text) => Of(StatusCodes.Status404NotFound, Reasons.UnknownMessage, text);

    public static IResult Invalid(string text, params IReadOnlyList<string> fields) => Of(StatusCodes.Status400BadRequest, Reasons.FieldInvalid, text, fields);

    public static IResult Of(DraftRefusedException refused) => Of(
        refused.Reason switch
        {
            Reasons.FieldInvalid => StatusCodes.Status400BadRequest,
            Reasons.TooLarge => StatusCodes.Status413PayloadTooLarge,
            DraftRefusedException.OutboxFull => StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status422UnprocessableEntity,
        },
        refused.Reason, refused.Message, refused.Fields);

    /// <summary>What the node said, or that it could not be asked.</summary>
    public static IResult Of(RpcException fault) => NodeRefusal.Of(fault) is { } refusal
        ? Of(StatusCodes.Status422UnprocessableEntity, refusal.Reason, refusal.Text, refusal.Fields)
        : Of(StatusCodes.Status503ServiceUnavailable, "NODE_UNREACHABLE", $"The node cannot be asked now ({fault.StatusCode}). Try again later.");
}
