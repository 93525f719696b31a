using MessageBackbone.GrpcServices;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Health and reflection in one line each.</summary>
public static class GrpcOrdinaryServices
{
    /// <summary>Adds <see cref="HealthService"/> as a singleton, to be set by whoever knows, and what reflection needs.</summary>
    public static IServiceCollection AddGrpcHealthAndReflection(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<HealthService>();
        services.TryAddSingleton<ReflectionCatalogue>();
        services.TryAddSingleton<ReflectionService>();
        services.TryAddSingleton<AlphaReflectionService>();
        return services;
    }

    /// <summary>Maps <c>grpc.health.v1</c>, and <c>grpc.reflection</c> in v1 and v1alpha.</summary>
    public static void MapGrpcHealthAndReflection(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        routes.MapGrpcService<HealthService>();
        routes.MapGrpcService<ReflectionService>();
        routes.MapGrpcService<AlphaReflectionService>();
    }
}
