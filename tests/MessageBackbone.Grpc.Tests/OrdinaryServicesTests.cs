using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;
using MessageBackbone.GrpcServices;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace MessageBackbone.GrpcTests;

public sealed class OrdinaryServicesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_is_checked_and_watched()
    {
        await using var server = await TestServer.StartAsync();
        var health = server.Service<HealthService>();
        health.Set("", serving: true);
        var client = new Health.HealthClient(server.Channel());

        Assert.Equal(ServingStatus.Serving, (await client.CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel)).Status);
        var unknown = await Assert.ThrowsAsync<RpcException>(
            async () => await client.CheckAsync(new HealthCheckRequest { Service = "x" }, cancellationToken: Cancel));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);

        using var watch = client.Watch(new HealthCheckRequest { Service = "x" }, cancellationToken: Cancel);
        Assert.Equal(ServingStatus.ServiceUnknown, await NextAsync(watch));
        health.Set("x", serving: false);
        Assert.Equal(ServingStatus.NotServing, await NextAsync(watch));
        health.Set("x", serving: true);
        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task Reflection_lists_the_services_and_gives_the_file_of_a_method()
    {
        await using var server = await TestServer.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(server.Channel()).ServerReflectionInfo(cancellationToken: Cancel);

        var list = await AskAsync(call, new ServerReflectionRequest { ListServices = "" });
        var file = await AskAsync(call, new ServerReflectionRequest { FileContainingSymbol = "test.echo.v1.Echo.Duplex" });
        var missing = await AskAsync(call, new ServerReflectionRequest { FileByFilename = "no.proto" });

        Assert.Contains("test.echo.v1.Echo", list.ListServicesResponse.Service.Select(s => s.Name));
        Assert.Contains("grpc.reflection.v1alpha.ServerReflection", list.ListServicesResponse.Service.Select(s => s.Name));
        var described = FileDescriptorProto.Parser.ParseFrom(file.FileDescriptorResponse.FileDescriptorProto[0]);
        Assert.Equal("test.echo.v1", described.Package);
        Assert.Equal((int)StatusCode.NotFound, missing.ErrorResponse.ErrorCode);
        Assert.Empty(server.Errors);
    }

    private static async Task<ServingStatus> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(Cancel));
        return watch.ResponseStream.Current.Status;
    }

    private static async Task<ServerReflectionResponse> AskAsync(
        AsyncDuplexStreamingCall<ServerReflectionRequest, ServerReflectionResponse> call, ServerReflectionRequest request)
    {
        await call.RequestStream.WriteAsync(request, Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        return call.ResponseStream.Current;
    }
}
