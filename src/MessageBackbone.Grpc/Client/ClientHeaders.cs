using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Net.Compression;
using MessageBackbone.GrpcWire;

namespace MessageBackbone.GrpcClient;

internal static class RequestHeaders
{
    // A caller asks for compressed requests by this key among the call's headers; it is never sent.
    private const string EncodingRequest = "grpc-internal-encoding-request";
    private const string UserAgent = "messagebackbone-grpc/0.1";

    public static ICompressionProvider? EncodingAsked(Metadata? headers, Encodings encodings)
    {
        var name = headers is { Count: > 0 } ? headers.GetValue(EncodingRequest) : null;
        if (name is null or Encodings.Identity)
            return null;
        return encodings.Find(name) ?? throw new InvalidOperationException($"The request encoding is none of '{encodings.Accepted}'.");
    }

    public static void Write(
        HttpRequestMessage request, string? host, Metadata? headers, Encodings encodings, ICompressionProvider? encoding, TimeSpan? timeout)
    {
        var target = request.Headers;
        target.TryAddWithoutValidation("TE", "trailers");
        target.TryAddWithoutValidation("User-Agent", UserAgent);
        target.TryAddWithoutValidation("grpc-accept-encoding", encodings.Accepted);
        if (host is not null)
            target.Host = host;
        if (encoding is not null)
            target.TryAddWithoutValidation("grpc-encoding", encoding.EncodingName);
        if (timeout is { } remaining)
            target.TryAddWithoutValidation("grpc-timeout", GrpcTimeout.Format(remaining));
        if (headers is null)
            return;
        foreach (var entry in headers)
        {
            if (!WireMetadata.IsReserved(entry.Key))
                target.TryAddWithoutValidation(entry.Key, WireMetadata.Value(entry));
        }
    }
}

internal static class ResponseHeaders
{
    // A response that is not gRPC at all: a proxy's page, another server.
    public static RpcException? Refuse(HttpResponseMessage response)
    {
        if (response.Headers.NonValidated.Contains("grpc-status"))
            return null;
        if (response.StatusCode != HttpStatusCode.OK)
            return new RpcException(new Status(FromHttp(response.StatusCode), $"The server answered with HTTP status {(int)response.StatusCode}."));
        return response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
            && type.ToString().StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase)
                ? null
                : new RpcException(new Status(StatusCode.Unknown, "The server's answer is not gRPC: its content type is another."));
    }

    public static Status? StatusIn(HttpResponseHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues("grpc-status", out var values))
            return null;
        if (!int.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            return new Status(StatusCode.Unknown, "The server's grpc-status is not a number.");
        var message = headers.NonValidated.TryGetValues("grpc-message", out var text) ? PercentEncoding.Decode(text.ToString()) : "";
        return new Status(Enum.IsDefined((StatusCode)code) ? (StatusCode)code : StatusCode.Unknown, message);
    }

    public static Metadata Read(HttpResponseHeaders headers)
    {
        Metadata? metadata = null;
        foreach (var (name, values) in headers.NonValidated)
        {
            if (WireMetadata.IsReserved(name))
                continue;
            foreach (var value in values)
                WireMetadata.Add(metadata ??= [], name, value);
        }

        return metadata ?? Metadata.Empty;
    }

    public static ICompressionProvider? Encoding(HttpResponseMessage response, Encodings encodings)
    {
        if (!response.Headers.NonValidated.TryGetValues("grpc-encoding", out var values))
            return null;
        var name = values.ToString();
        if (name.Equals(Encodings.Identity, StringComparison.OrdinalIgnoreCase))
            return null;
        return encodings.Find(name)
            ?? throw new RpcException(new Status(StatusCode.Internal, $"The server's message encoding is none of '{encodings.Accepted}'."));
    }

    private static StatusCode FromHttp(HttpStatusCode code) => code switch
    {
        HttpStatusCode.BadRequest => StatusCode.Internal,
        HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
        HttpStatusCode.NotFound => StatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
            => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };
}
