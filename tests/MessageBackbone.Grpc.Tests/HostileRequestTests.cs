using System.Net;
using Google.Protobuf;
using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

/// <summary>What comes over HTTP/2 as it should and is no gRPC inside.</summary>
public sealed partial class HostileRequestTests
{
    private static readonly EchoRequest Good = new() { Text = "x" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Collect")]
    [InlineData("Duplex")]
    public async Task A_request_stream_that_breaks_off_inside_a_message_is_refused(string method)
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.RawClient();

        using var response = await client.SendAsync(Raw.Request(server, method, [.. Raw.Frame(Good), 0, 0, 0, 9, 9]), Cancel);

        Assert.Equal("13", await Raw.StatusOfAsync(response, Cancel));
        Assert.Empty(server.Errors);
    }

    [Theory]
    [InlineData("/test.echo.v1.Echo/Nothing", "12")]
    [InlineData("/no.such.Service/Method", "12")]
    public async Task An_unknown_method_or_service_is_UNIMPLEMENTED(string path, string status)
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.RawClient();

        using var response = await client.SendAsync(Raw.Request(server, path, Raw.Frame(Good)), Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(status, await Raw.StatusOfAsync(response, Cancel));
        Assert.Empty(server.Errors);
    }

    [Theory]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/grpc+proto", HttpStatusCode.OK)]
    public async Task The_content_type_has_to_be_grpc(string contentType, HttpStatusCode expected)
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.RawClient();
        using var request = Raw.Request(server, "Unary", Raw.Frame(Good));
        request.Content!.Headers.ContentType = new(contentType);

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(expected, response.StatusCode);
        Assert.Empty(server.Errors);
    }
}
