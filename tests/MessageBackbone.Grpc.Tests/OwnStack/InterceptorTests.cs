using MessageBackbone.GrpcTests.Proto;

namespace MessageBackbone.GrpcTests;

/// <summary>grpc-dotnet's client takes no host.</summary>
public sealed partial class InterceptorTests
{
    [Fact]
    public async Task A_client_with_another_host_says_so()
    {
        await using var server = await TestServer.StartAsync();
        string? seen = null;
        server.Behaviour.Unary = (request, context) =>
        {
            seen = context.Host;
            return Task.FromResult(EchoService.Reply(request));
        };

        await server.Client().WithHost("node.example").UnaryAsync(new EchoRequest(), cancellationToken: Cancel);

        Assert.Equal("node.example", seen);
    }
}
