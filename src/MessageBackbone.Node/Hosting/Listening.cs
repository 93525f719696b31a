using System.Net.Security;
using System.Security.Authentication;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace MessageBackbone.Node.Hosting;

/// <summary>The gRPC port: TLS 1.3 and HTTP/2 only, a client certificate of our own CA required, nothing ever downloaded to judge it (wire.md §2).</summary>
internal static class Listening
{
    private static readonly HolderRole[] Everyone = Enum.GetValues<HolderRole>();
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(20);

    public static void Configure(KestrelServerOptions kestrel, NodeOptions options, NodeIdentity identity, ConnectionCaps caps, TimeProvider clock)
    {
        var limits = options.Limits;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = limits.Connections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = 0;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.Http2.MaxStreamsPerConnection = limits.StreamsPerConnection;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = 16 * 1024;
        kestrel.Limits.Http2.KeepAlivePingDelay = PingAfter;
        kestrel.Limits.Http2.KeepAlivePingTimeout = PingTimeout;
        kestrel.Listen(options.ListenEndpoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(caps.BeforeHandshake);
            listen.UseHttps(Tls(options, identity, clock));
            listen.Use(caps.AfterHandshake);
        });
    }

    // The options of a handshake are made when it begins: a renewed certificate is shown to whoever connects next.
    private static TlsHandshakeCallbackOptions Tls(NodeOptions options, NodeIdentity identity, TimeProvider clock) => new()
    {
        HandshakeTimeout = options.Limits.Handshake,
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = identity.Shown,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateRequired = true,
            // A resumed session would skip the judgement of the certificate.
            AllowTlsResume = false,
            CertificateChainPolicy = identity.Anchor.TlsPolicy(serverAuth: false),
            RemoteCertificateValidationCallback = (_, peer, _, errors) =>
                errors == SslPolicyErrors.None
                && identity.Anchor.AcceptsPeer(
                    peer as System.Security.Cryptography.X509Certificates.X509Certificate2, Everyone, clock.GetUtcNow(), asServer: false, out var _, out var _),
        }),
    };
}
