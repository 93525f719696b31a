using System.Globalization;
using Grpc.Core;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Signing;
using Microsoft.AspNetCore.Http;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// A message above what the gRPC stack reads at all. In a stream the interceptor meets that refusal; for a single request the stack gives it before any
/// interceptor runs, with a status and nothing else. The caller gets the reason either way, so that its program need not read texts.
/// </summary>
internal static class Oversize
{
    private static readonly string Status = ((int)StatusCode.ResourceExhausted).ToString(CultureInfo.InvariantCulture);

    public static RefusalException Refusal() => new(Reasons.TooLarge, "The message is larger than any that this node reads.");

    /// <summary>Around every call. Only an answer of trailers alone can still be completed, and this one is never anything else.</summary>
    public static async Task CompleteAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);
        var headers = http.Response.Headers;
        if (http.Response.HasStarted || headers.GrpcStatus != Status || headers.ContainsKey(Refusals.DetailsKey))
        {
            return;
        }

        var refusal = Refusal();
        NodeMetrics.Refused(refusal.Reason);
        var status = refusal.ToStatus();
        headers.GrpcMessage = status.Status.Detail;
        headers[Refusals.DetailsKey] = Convert.ToBase64String(status.Trailers.GetValueBytes(Refusals.DetailsKey)!);
    }
}
