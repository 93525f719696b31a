using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using Grpc.Core.Interceptors;
using Grpc.Net.Compression;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

/// <summary>How the server treats every gRPC call.</summary>
public sealed class GrpcServiceOptions
{
    internal const int DefaultReceiveLimit = 4 * 1024 * 1024;

    /// <summary>Bytes of one received message, after decompression; null is unlimited. The default is 4 MiB.</summary>
    public int? MaxReceiveMessageSize { get; set; } = DefaultReceiveLimit;

    /// <summary>Bytes of one sent message, before compression; null, the default, is unlimited.</summary>
    public int? MaxSendMessageSize { get; set; }

    /// <summary>Lets the text of an exception leave the server. For development only; the default is false.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>The encoding of responses where the client accepts it, such as <c>gzip</c>; null, the default, is none.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>The encodings understood. The default is gzip.</summary>
    public IList<ICompressionProvider> CompressionProviders { get; set; } = [new GzipCompressionProvider(CompressionLevel.Fastest)];

    /// <summary>Answers UNIMPLEMENTED for services that are not mapped, unless true. The default is false.</summary>
    public bool? IgnoreUnknownServices { get; set; }

    /// <summary>Interceptors of every call, the first outermost.</summary>
    public InterceptorCollection Interceptors { get; } = [];
}

public sealed class InterceptorCollection : Collection<InterceptorRegistration>
{
    /// <summary>Adds an interceptor. It is taken from the services; if it is not registered there, one is made for each call with these arguments.</summary>
    public void Add<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TInterceptor>(params object[] args)
        where TInterceptor : Interceptor => Add(typeof(TInterceptor), args);

    public void Add([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type interceptorType, params object[] args)
    {
        ArgumentNullException.ThrowIfNull(interceptorType);
        if (!interceptorType.IsSubclassOf(typeof(Interceptor)))
            throw new ArgumentException($"{interceptorType} does not derive from {typeof(Interceptor)}.", nameof(interceptorType));
        Add(new InterceptorRegistration(interceptorType, args));
    }
}

public sealed class InterceptorRegistration
{
    private readonly object[] arguments;
    private readonly ObjectFactory factory;

    internal InterceptorRegistration(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type type, object[] arguments)
    {
        Type = type;
        this.arguments = arguments;
        factory = ActivatorUtilities.CreateFactory(type, [.. arguments.Select(argument => argument.GetType())]);
    }

    public Type Type { get; }

    public IReadOnlyList<object> Arguments => arguments;

    internal Interceptor Get(IServiceProvider services) =>
        (Interceptor)((arguments.Length == 0 ? services.GetService(Type) : null) ?? factory(services, arguments));
}
