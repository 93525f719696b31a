using System.Net;
using System.Security.Authentication;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>The local API on this machine's loopback: TLS 1.3 with a certificate of its own, users by token or by the bureau's certificate.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly LocalCertificate _certificate;
    private readonly LocalGuard _guard;

    private LocalServer(WebApplication app, LocalCertificate certificate, LocalGuard guard) => (_app, _certificate, _guard) = (app, certificate, guard);

    public Uri Address { get; private set; } = null!;

    /// <summary>Content in base64, and room for everything else.</summary>
    public static int LargestRequest(GatewayOptions options) => (options.MaxContent / 3 * 4) + (128 << 10);

    public static async Task<LocalServer> StartAsync(GatewayParts parts, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        var options = parts.Options;
        var log = logs.CreateLogger<LocalServer>();
        var certificate = new LocalCertificate(options.DataFolder, parts.Clock, log);
        var token = LocalSecrets.TokenDigest(options.OwnTokenFile);
        var guard = new LocalGuard(token, Path.GetFileName(options.OwnTokenFile), options.LocalRequests, log);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(LocalServer).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, parts, certificate));
        builder.Services.AddRouting().AddLogging().Replace(ServiceDescriptor.Singleton<ILoggerFactory>(new QuietFramework(logs)));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.ConfigureHttpJsonOptions(json => LocalJson.Configure(json.SerializerOptions));
        ApiDescription.Add(builder.Services);
        var server = new LocalServer(builder.Build(), certificate, guard);
        server.Wire(parts, log);
        await server._app.StartAsync(cancellationToken);
        var bound = new Uri(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        server.Address = new UriBuilder("https", options.Listen.Host, bound.Port).Uri;
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
            await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
        _guard.Dispose();
        _certificate.Dispose();
    }

    private static void Listen(KestrelServerOptions kestrel, GatewayParts parts, LocalCertificate certificate)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = LargestRequest(parts.Options);
        kestrel.Limits.MaxConcurrentConnections = 4 * parts.Options.LocalRequests;
        var address = IPAddress.TryParse(parts.Options.Listen.Host.Trim('[', ']'), out var literal) ? literal : IPAddress.Loopback;
        kestrel.Listen(address, parts.Options.Listen.Port, listen => listen.UseHttps(https =>
        {
            https.ServerCertificateSelector = (_, _) => certificate.Current();
            https.SslProtocols = SslProtocols.Tls13;
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.CheckCertificateRevocation = false;
            https.OnAuthenticate = (_, tls) => tls.CertificateChainPolicy = parts.Keys.Anchor.TlsPolicy(serverAuth: false);
            https.ClientCertificateValidation = (shown, _, _) =>
                parts.Keys.Anchor.AcceptsPeer(shown, [HolderRole.Bureau], parts.Clock.GetUtcNow(), asServer: false, out var holder, out _)
                && holder.Name == parts.Keys.Bureau.Value;
        }));
    }

    private void Wire(GatewayParts parts, ILogger log)
    {
        _app.Use(next => context => _guard.InvokeAsync(context, guarded => Faults.InvokeAsync(guarded, next, log)));
        _app.UseRouting();
        MessageEndpoints.Map(_app, parts);
        InboxEndpoints.Map(_app, parts);
        AttachmentEndpoints.Map(_app, parts);
        StatusEndpoints.Map(_app, parts);
        CarryEndpoints.Map(_app, parts, log);
        ApiDescription.Map(_app);
    }
}
