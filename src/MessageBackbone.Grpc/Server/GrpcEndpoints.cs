using System.Diagnostics.CodeAnalysis;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using MessageBackbone.GrpcServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Grpc.AspNetCore.Server
{
    /// <summary>What <c>AddGrpc</c> returns, to go on from.</summary>
    public interface IGrpcServerBuilder
    {
        Microsoft.Extensions.DependencyInjection.IServiceCollection Services { get; }
    }

    /// <summary>On every endpoint of a gRPC method: which service type serves which method.</summary>
    public sealed class GrpcMethodMetadata(Type serviceType, IMethod method)
    {
        public Type ServiceType { get; } = serviceType;

        public IMethod Method { get; } = method;
    }
}

namespace Microsoft.Extensions.DependencyInjection
{
    public static class GrpcServicesExtensions
    {
        /// <summary>Adds what <c>MapGrpcService</c> needs. Calling it again only configures further.</summary>
        public static IGrpcServerBuilder AddGrpc(this IServiceCollection services)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddRouting();
            services.AddOptions<GrpcServiceOptions>();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<ServerSettings>();
            return new GrpcServerBuilder(services);
        }

        public static IGrpcServerBuilder AddGrpc(this IServiceCollection services, Action<GrpcServiceOptions> configureOptions)
        {
            ArgumentNullException.ThrowIfNull(configureOptions);
            services.Configure(configureOptions);
            return services.AddGrpc();
        }

        private sealed record GrpcServerBuilder(IServiceCollection Services) : IGrpcServerBuilder;
    }
}

namespace Microsoft.AspNetCore.Builder
{
    public static class GrpcEndpointRouteBuilderExtensions
    {
        /// <summary>Maps every method of a service that derives from a generated base, as <c>POST /service/method</c>.</summary>
        public static GrpcServiceEndpointConventionBuilder MapGrpcService<
            [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService>(this IEndpointRouteBuilder builder)
            where TService : class
        {
            ArgumentNullException.ThrowIfNull(builder);
            return ServiceMapping.Map<TService>(builder);
        }
    }

    /// <summary>Applies conventions, such as authorization or host matching, to all methods of a mapped service.</summary>
    public sealed class GrpcServiceEndpointConventionBuilder : IEndpointConventionBuilder
    {
        private readonly IReadOnlyList<IEndpointConventionBuilder> endpoints;

        internal GrpcServiceEndpointConventionBuilder(IReadOnlyList<IEndpointConventionBuilder> endpoints) => this.endpoints = endpoints;

        public void Add(Action<EndpointBuilder> convention)
        {
            foreach (var endpoint in endpoints)
                endpoint.Add(convention);
        }

        public void Finally(Action<EndpointBuilder> finallyConvention)
        {
            foreach (var endpoint in endpoints)
                endpoint.Finally(finallyConvention);
        }
    }
}
