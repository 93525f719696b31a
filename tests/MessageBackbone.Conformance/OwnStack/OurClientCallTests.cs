using Google.Protobuf;
using Grpc.Core;
using MessageBackbone.Conformance.Proto;

namespace MessageBackbone.Conformance;

/// <summary>grpc-dotnet's client bounds what arrives, not what it unpacks to.</summary>
public abstract partial class OurClientCallTests
{
    [Fact]
    public async Task What_unpacks_to_more_than_the_limit_is_RESOURCE_EXHAUSTED()
    {
        var zeros = new Request { Body = ByteString.CopyFrom(new byte[Limit - 100]) };
        var gzip = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        var whole = await python.Client().UnaryAsync(zeros, gzip, cancellationToken: Cancel);
        var refused = await Assert.ThrowsAsync<RpcException>(
            async () => await python.Client(options => options.MaxReceiveMessageSize = Limit / 2).UnaryAsync(zeros, gzip, cancellationToken: Cancel));

        Assert.Equal(zeros.Body, whole.Body);
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
    }
}
