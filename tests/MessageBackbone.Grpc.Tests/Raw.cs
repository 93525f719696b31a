using System.Buffers.Binary;
using System.IO.Compression;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace MessageBackbone.GrpcTests;

/// <summary>Requests that no gRPC client would send.</summary>
internal static class Raw
{
    public static byte[] Frame(IMessage message, byte flag = 0) => Frame(message.ToByteArray(), flag);

    public static byte[] Frame(byte[] payload, byte flag = 0, uint? length = null)
    {
        var frame = new byte[5 + payload.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)payload.Length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    public static byte[] Gzip(byte[] plain)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.SmallestSize))
            gzip.Write(plain);
        return target.ToArray();
    }

    public static HttpRequestMessage Request(TestServer server, string method, byte[] body, params (string Name, string Value)[] headers)
    {
        var path = method.StartsWith('/') ? method : $"/test.echo.v1.Echo/{method}";
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, path))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    /// <summary>grpc-status, from the headers or after the body from the trailers.</summary>
    public static async Task<string?> StatusOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await response.Content.CopyToAsync(Stream.Null, cancellationToken);
        return response.Headers.TryGetValues("grpc-status", out var early) ? early.Single()
            : response.TrailingHeaders.TryGetValues("grpc-status", out var late) ? late.Single() : null;
    }
}
