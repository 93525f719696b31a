using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.GrpcServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Conformance;

/// <summary>The conformance service on our stack, on a free loopback port. What passes on its connections is counted behind TLS.</summary>
internal sealed class ConformanceServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private ConformanceServer(WebApplication app, WireWatch watch, ErrorLog errors)
    {
        this.app = app;
        Watch = watch;
        Errors = errors.Entries;
        Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
    }

    public int Port { get; }

    public WireWatch Watch { get; }

    public ConcurrentQueue<string> Errors { get; }

    public static async Task<ConformanceServer> StartAsync(bool tls)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var errors = new ErrorLog();
        var watch = new WireWatch();
        builder.Logging.ClearProviders().AddProvider(errors);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (tls)
                listen.UseHttps(UseCertificates);
            listen.Use(next => connection => PassAsync(connection, watch, next));
        }));
        builder.Services.AddGrpc(options => options.ResponseCompressionAlgorithm = "gzip");
        builder.Services.AddGrpcHealthAndReflection();
        builder.Services.AddSingleton<Fates>();
        var built = builder.Build();
        built.MapGrpcService<ConformanceService>();
        built.MapGrpcHealthAndReflection();
        built.Services.GetRequiredService<HealthService>().Set("", serving: true);
        built.Services.GetRequiredService<HealthService>().Set("asleep", serving: false);
        await built.StartAsync(TestContext.Current.CancellationToken);
        return new ConformanceServer(built, watch, errors);
    }

    /// <summary>Returns when every call under way has ended.</summary>
    public Task StopAsync() => app.StopAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static void UseCertificates(HttpsConnectionAdapterOptions https)
    {
        https.ServerCertificate = Certificates.Server;
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (presented, _, _) => presented.Thumbprint == Certificates.Client.Thumbprint;
    }

    private static async Task PassAsync(ConnectionContext connection, WireWatch watch, ConnectionDelegate next)
    {
        var plain = connection.Transport;
        connection.Transport = new WatchedPipe(plain, watch);
        connection.Features.Set(watch);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = plain;
        }
    }
}

/// <summary>Self-signed, pinned by both sides; also as PEM files for Python.</summary>
internal static class Certificates
{
    public static X509Certificate2 Server { get; } = Make("localhost");

    public static X509Certificate2 Client { get; } = Make("client.example");

    public static void Write(string folder)
    {
        foreach (var (name, certificate) in new[] { ("server", Server), ("client", Client) })
        {
            using var key = certificate.GetECDsaPrivateKey()!;
            File.WriteAllText(Path.Combine(folder, name + ".key"), key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(Path.Combine(folder, name + ".pem"), certificate.ExportCertificatePem());
        }
    }

    private static X509Certificate2 Make(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
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
