using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using MessageBackbone.Node.Dashboard;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace MessageBackbone.Node.Hosting;

/// <summary>The dashboard's port: TLS 1.3 with the node's own certificate; a client certificate is asked for and judged by the page that is asked for, so that
/// whoever has none, or one that ran out, reads why instead of a browser's word for a broken handshake.</summary>
internal static class DashboardPort
{
    public static void Configure(KestrelServerOptions kestrel, NodeOptions options, NodeIdentity identity, ConnectionCaps caps)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = options.Dashboard.Browsers * 8L;
        kestrel.Limits.MaxConcurrentUpgradedConnections = options.Dashboard.Browsers;
        kestrel.Limits.MaxRequestBodySize = 256 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        if (options.Dashboard.Listen.Length > 0)
            kestrel.Listen(IPEndPoint.Parse(options.Dashboard.Listen), listen =>
            {
                listen.Use(caps.BeforeHandshake);
                listen.UseHttps(Tls(options, identity));
                listen.Use(caps.AfterHandshakeOfAnybody);
            });
        if (options.Dashboard.DemoListen is { } loopback)
            kestrel.Listen(loopback, listen => listen.Protocols = HttpProtocols.Http1);
    }

    private static TlsHandshakeCallbackOptions Tls(NodeOptions options, NodeIdentity identity) => new()
    {
        HandshakeTimeout = options.Limits.Handshake,
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = identity.Shown,
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            ClientCertificateRequired = true,
            AllowTlsResume = false,
            CertificateChainPolicy = identity.Anchor.TlsPolicy(serverAuth: false),
#pragma warning disable CA5359 // Whose key it is the handshake has proved; whether it may come in is judged at every request, by DashboardAuthentication.
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        }),
    };
}
