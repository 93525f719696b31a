using MessageBackbone.GrpcServer;
using Microsoft.AspNetCore.Http;

namespace Grpc.Core;

public static class ServerCallContextExtensions
{
    /// <summary>The HTTP request that carries the call, with its connection, features and services.</summary>
    public static HttpContext GetHttpContext(this ServerCallContext serverCallContext) =>
        serverCallContext is ServerCall call
            ? call.Http
            : throw new InvalidOperationException("This context does not belong to a call that came over HTTP.");
}
