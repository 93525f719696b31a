using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.GrpcServer;

// Turns a service class into endpoints: its generated base names the bind method, which describes each method to the binder.
internal static class ServiceMapping
{
    public static GrpcServiceEndpointConventionBuilder Map<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] TService>(
        IEndpointRouteBuilder routes)
        where TService : class
    {
        var settings = routes.ServiceProvider.GetService<ServerSettings>()
            ?? throw new InvalidOperationException("Call services.AddGrpc() before a gRPC service is mapped.");
        var binder = new ServiceMethodBinder<TService>(settings);
        Bind(typeof(TService), binder);
        var endpoints = new List<IEndpointConventionBuilder>();
        foreach (var (method, handler) in binder.Handlers)
        {
            endpoints.Add(Post(routes, RoutePatternFactory.Parse(method.FullName), handler)
                .WithDisplayName($"gRPC - {method.FullName}")
                .WithMetadata(new GrpcMethodMetadata(typeof(TService), method), new HttpMethodMetadata([HttpMethods.Post])));
        }

        MapUnknown(routes, settings, binder.Handlers.Select(h => h.Method.ServiceName).Distinct(StringComparer.Ordinal));
        GrpcServerLog.ServiceMapped(settings.Logger, typeof(TService).Name, endpoints.Count);
        return new GrpcServiceEndpointConventionBuilder(endpoints);
    }

    private static void Bind<TService>(Type service, ServiceMethodBinder<TService> binder)
        where TService : class
    {
        var attribute = service.GetCustomAttribute<BindServiceMethodAttribute>(inherit: true)
            ?? throw new InvalidOperationException($"{service} does not derive from a generated gRPC service base.");
        var bind = attribute.BindType.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.NonPublic).FirstOrDefault(m =>
            m.Name == attribute.BindMethodName && m.GetParameters() is [{ ParameterType: var first }, { ParameterType: var second }]
            && first == typeof(ServiceBinderBase) && second.IsAssignableFrom(service))
            ?? throw new InvalidOperationException($"{attribute.BindType} has no method {attribute.BindMethodName} for {service}.");
        bind.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [binder, null], null);
    }

    // Unknown methods and services get a gRPC answer, not a 404, but only where nothing else is mapped and gRPC was spoken.
    private static void MapUnknown(IEndpointRouteBuilder routes, ServerSettings settings, IEnumerable<string> services)
    {
        foreach (var service in services)
            MapUnknown(routes, settings, $"/{service}/{{unimplementedMethod}}", "unknown method");
        if (settings.AnswersUnknown && !routes.DataSources.SelectMany(s => s.Endpoints).Any(e => e.Metadata.GetMetadata<UnknownServiceMarker>() is not null))
            MapUnknown(routes, settings, "/{unimplementedService}/{unimplementedMethod}", "unknown service").WithMetadata(new UnknownServiceMarker());
    }

    private static IEndpointConventionBuilder MapUnknown(IEndpointRouteBuilder routes, ServerSettings settings, string pattern, string what) =>
        Post(routes, RoutePatternFactory.Parse(pattern, null, new { contentType = new GrpcContentTypeConstraint() }), http =>
        {
            if (!CallGate.Admit(http, settings))
                return Task.CompletedTask;
            GrpcServerLog.RequestRefused(settings.Logger, what);
            CallGate.AnswerOnlyTrailers(http, new Status(StatusCode.Unimplemented, $"This server has no such method ({what})."));
            return Task.CompletedTask;
        }).WithDisplayName($"gRPC - {what}").WithMetadata(new HttpMethodMetadata([HttpMethods.Post]));

    private static IEndpointConventionBuilder Post(IEndpointRouteBuilder routes, RoutePattern pattern, RequestDelegate handler) =>
        routes.Map(pattern, handler);

    private sealed class UnknownServiceMarker;

    private sealed class GrpcContentTypeConstraint : IRouteConstraint
    {
        public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            CallGate.IsGrpc(httpContext?.Request.ContentType);
    }
}
