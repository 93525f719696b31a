namespace MessageBackbone.GrpcTests;

/// <summary>grpc-dotnet bounds what arrives, not what it unpacks to.</summary>
public sealed partial class LimitAndCompressionTests
{
    [Fact]
    public Task The_limit_of_requests_is_that_of_the_message_once_unpacked() => AssertLimitOfRequestsAsync(gzip: true);

    [Fact]
    public Task The_limit_of_responses_is_that_of_the_message_once_unpacked() => AssertLimitOfResponsesAsync(gzip: true);
}
