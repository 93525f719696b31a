using System.Globalization;
using Grpc.Core;
using MessageBackbone.GrpcWire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace MessageBackbone.GrpcServer;

// What is judged before a call exists: HTTP/2 and the content type. Also how a call is answered that never gets further.
internal static class CallGate
{
    public const string ContentType = "application/grpc";

    private static readonly string[] StatusTexts =
        [.. Enumerable.Range(0, 17).Select(code => code.ToString(CultureInfo.InvariantCulture))];

    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');

    public static bool Admit(HttpContext http, ServerSettings settings)
    {
        if (!HttpProtocol.IsHttp2(http.Request.Protocol) && !HttpProtocol.IsHttp3(http.Request.Protocol))
            return Refuse(http, settings, StatusCodes.Status426UpgradeRequired, "not HTTP/2");
        if (!IsGrpc(http.Request.ContentType))
            return Refuse(http, settings, StatusCodes.Status415UnsupportedMediaType, "the content type is not application/grpc");
        return true;
    }

    public static void AnswerOnlyTrailers(HttpContext http, Status status)
    {
        http.Response.ContentType = ContentType;
        WriteStatus(http.Response.Headers, status);
    }

    public static void WriteStatus(IHeaderDictionary target, Status status)
    {
        var code = (int)status.StatusCode;
        target.GrpcStatus = (uint)code < (uint)StatusTexts.Length ? StatusTexts[code] : code.ToString(CultureInfo.InvariantCulture);
        if (status.Detail.Length > 0)
            target.GrpcMessage = PercentEncoding.Encode(status.Detail);
    }

    public static void WriteMetadata(IHeaderDictionary target, Metadata metadata)
    {
        // Not Append: that drops an empty value, which in metadata is a value as any other.
        foreach (var entry in metadata)
        {
            if (!WireMetadata.IsReserved(entry.Key))
                target[entry.Key] = StringValues.Concat(target[entry.Key], WireMetadata.Value(entry));
        }
    }

    public static void LiftStreamLimits(HttpContext http)
    {
        // A request stream may rest for hours and carry more than one request body: its messages are bounded one by one.
        if (http.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
    }

    private static bool Refuse(HttpContext http, ServerSettings settings, int httpStatus, string reason)
    {
        GrpcServerLog.RequestRefused(settings.Logger, reason);
        http.Response.StatusCode = httpStatus;
        WriteStatus(http.Response.Headers, new Status(StatusCode.Internal, $"This request is refused: {reason}."));
        return false;
    }
}
