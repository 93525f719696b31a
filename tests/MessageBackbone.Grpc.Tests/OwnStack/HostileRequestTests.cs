using Google.Protobuf;
using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

/// <summary>grpc-dotnet takes some of these as UNKNOWN and an error of the server, and lets others pass.</summary>
public sealed partial class HostileRequestTests
{
    public static TheoryData<string, byte[], string> BrokenBodies()
    {
        var half = Raw.Frame(Good)[..6];
        var random = new byte[65_536];
        new Random(7).NextBytes(random);
        random[0] = 0xCC;
        return new TheoryData<string, byte[], string>
        {
            { "nothing at all", [], "13" },
            { "half a header", [0, 0, 0], "13" },
            { "half a message", half, "13" },
            { "two messages where one is due", [.. Raw.Frame(Good), .. Raw.Frame(Good)], "13" },
            { "a flag that is neither 0 nor 1", Raw.Frame(Good, flag: 2), "13" },
            { "compressed, but by what?", Raw.Frame(Good, flag: 1), "13" },
            { "four gibibytes announced", Raw.Frame([1, 2, 3], length: uint.MaxValue), "8" },
            { "one byte above the limit announced", Raw.Frame([1, 2, 3], length: (4 * 1024 * 1024) + 1), "8" },
            { "no protobuf", Raw.Frame([0xFF, 0xFF, 0xFF, 0xFF]), "13" },
            { "a protobuf that ends early", Raw.Frame([0x0A, 0x7F, 0x00]), "13" },
            { "64 KiB of random bytes", random, "13" },
        };
    }

    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task A_broken_body_is_refused_and_no_error_of_the_server(string what, byte[] body, string status)
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.RawClient();

        foreach (var method in new[] { "Unary", "Spread" })
        {
            using var response = await client.SendAsync(Raw.Request(server, method, body), Cancel);
            Assert.Equal((what, method, status), (what, method, await Raw.StatusOfAsync(response, Cancel)));
        }

        Assert.Equal("x", (await server.Client().UnaryAsync(Good, cancellationToken: Cancel)).Text);
        Assert.Empty(server.Errors);
    }

    [Theory]
    [InlineData("10")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("1s")]
    [InlineData("123456789S")]
    [InlineData("1.5S")]
    [InlineData("١S")]
    public async Task A_malformed_timeout_is_refused(string timeout)
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.RawClient();

        var request = Raw.Request(server, "Unary", Raw.Frame(Good), ("grpc-timeout", timeout));
        if (timeout.Any(c => c > 127))
        {
            // HttpClient itself refuses to send what is not ASCII.
            await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request, Cancel));
            return;
        }

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal("13", await Raw.StatusOfAsync(response, Cancel));
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task An_unknown_encoding_is_UNIMPLEMENTED_and_the_known_ones_are_named()
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.RawClient();

        using var response = await client.SendAsync(Raw.Request(server, "Unary", Raw.Frame(Good), ("grpc-encoding", "zstd")), Cancel);

        Assert.Equal("12", await Raw.StatusOfAsync(response, Cancel));
        Assert.Equal("identity,gzip", string.Join(',', response.Headers.GetValues("grpc-accept-encoding")));
    }

    [Fact]
    public async Task Metadata_that_is_not_base64_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        server.Behaviour.Unary = (request, context) =>
        {
            Assert.NotNull(context.RequestHeaders);
            return Task.FromResult(EchoService.Reply(request));
        };
        using var client = server.RawClient();

        using var broken = await client.SendAsync(Raw.Request(server, "Unary", Raw.Frame(Good), ("x-bin", "*not*")), Cancel);

        Assert.Equal("13", await Raw.StatusOfAsync(broken, Cancel));
        Assert.Empty(server.Errors);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("cut")]
    public async Task Gzip_that_is_none_or_breaks_off_is_refused(string kind)
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.RawClient();
        var packed = Raw.Gzip(new EchoRequest { Body = ByteString.CopyFrom(new byte[10_000]) }.ToByteArray());
        var body = kind == "gone" ? [1, 2, 3, 4] : packed[..(packed.Length / 2)];

        using var response = await client.SendAsync(Raw.Request(server, "Unary", Raw.Frame(body, flag: 1), ("grpc-encoding", "gzip")), Cancel);

        Assert.Equal("13", await Raw.StatusOfAsync(response, Cancel));
        Assert.Empty(server.Errors);
    }
}
