using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using MessageBackbone.GrpcTests.Proto;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.GrpcTests;

/// <summary>A server on a free loopback port with the echo service, and channels to it. Errors that it logs are kept for the test to judge.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly List<GrpcChannel> channels = [];

    private TestServer(WebApplication app, EchoBehaviour behaviour, ErrorLog errors)
    {
        this.app = app;
        Behaviour = behaviour;
        Errors = errors.Entries;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public Uri Address { get; }

    public EchoBehaviour Behaviour { get; }

    public ConcurrentQueue<string> Errors { get; }

    public static async Task<TestServer> StartAsync(
        Action<GrpcServiceOptions>? options = null, bool tls = false, Action<KestrelServerOptions>? kestrel = null, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var errors = new ErrorLog();
        var behaviour = new EchoBehaviour();
        builder.Logging.ClearProviders().AddProvider(errors).SetMinimumLevel(LogLevel.Debug);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                if (tls)
                    listen.UseHttps(https => UseCertificates(https));
            });
            kestrel?.Invoke(server);
        });
        builder.Services.AddGrpc(o => options?.Invoke(o));
        builder.Services.AddSingleton(behaviour);
        builder.Services.AddGrpcHealthAndReflection();
        services?.Invoke(builder.Services);
        var built = builder.Build();
        built.MapGrpcService<EchoService>();
        built.MapGrpcHealthAndReflection();
        await built.StartAsync(TestContext.Current.CancellationToken);
        return new TestServer(built, behaviour, errors);
    }

    public Echo.EchoClient Client(Action<GrpcChannelOptions>? configure = null, X509Certificate2? certificate = null) =>
        new(Channel(configure, certificate));

    public GrpcChannel Channel(Action<GrpcChannelOptions>? configure = null, X509Certificate2? certificate = null)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) =>
            presented?.GetCertHashString() == TestCertificate.Server.GetCertHashString();
        if (certificate is not null)
            handler.SslOptions.ClientCertificates = [certificate];
        var options = new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true };
        configure?.Invoke(options);
        var channel = GrpcChannel.ForAddress(Address, options);
        channels.Add(channel);
        return channel;
    }

    /// <summary>HTTP/2 without gRPC on top.</summary>
    public HttpMessageInvoker RawClient() => new(new SocketsHttpHandler());

    public T Service<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// <summary>Returns when every call under way has ended.</summary>
    public Task StopAsync() => app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var channel in channels)
            channel.Dispose();
        await app.DisposeAsync();
    }

    private static void UseCertificates(HttpsConnectionAdapterOptions https)
    {
        https.ServerCertificate = TestCertificate.Server;
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        https.ClientCertificateValidation = (presented, _, _) => presented.Thumbprint == TestCertificate.Client.Thumbprint;
    }
}

/// <summary>Self-signed certificates, pinned by both sides.</summary>
internal static class TestCertificate
{
    public static X509Certificate2 Server { get; } = Make("localhost");

    public static X509Certificate2 Client { get; } = Make("gateway.example");

    private static X509Certificate2 Make(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}

/// <summary>Keeps what the server logs as a warning or worse.</summary>
internal sealed class ErrorLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Entries { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            Entries.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
    }
}
