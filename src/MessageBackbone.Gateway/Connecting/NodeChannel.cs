using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Connecting;

/// <summary>
/// The connection to the node: TLS 1.3 only, with the bureau's certificate, to a server that the pinned CA says is a node. Nothing is fetched to judge it.
/// </summary>
internal sealed class NodeChannel(GatewayOptions options, KeyRing keys, TimeProvider clock, ILogger<NodeChannel> log) : IDisposable
{
    private const int MaxMessage = 4 << 20;

    /// <summary>As much as a delivery carries inline.</summary>
    private const int Large = 64 * 1024;

    private readonly Lock _gate = new();
    private readonly Line _line = new();
    private readonly Line _contentLine = new();
    private readonly List<GrpcChannel> _left = [];

    public ExchangeService.ExchangeServiceClient Exchange => new(Invoker(_line));

    /// <summary>For attachments, and for whatever else gives way: a connection of its own, so that these bytes never stand before a delivery's.</summary>
    public ExchangeService.ExchangeServiceClient Content => new(Invoker(_contentLine));

    /// <summary>For so many bytes of this precedence: on a narrow line a large ROUTINE must not stand before what is urgent, one large FLASH may.</summary>
    public ExchangeService.ExchangeServiceClient For(Precedence precedence, ulong bytes) =>
        bytes > Large && precedence is not (Precedence.Flash or Precedence.Immediate) ? Content : Exchange;

    public DeliveryService.DeliveryServiceClient Delivery => new(Invoker(_line));

    public DirectoryService.DirectoryServiceClient Directory => new(Invoker(_line));

    public void Dispose()
    {
        _line.Channel?.Dispose();
        _contentLine.Channel?.Dispose();
        foreach (var channel in _left) channel.Dispose();
    }

    // Whoever asks hears what an unreachable node would tell, and at once.
    private CallInvoker Invoker(Line line)
    {
        if (options.WithoutLine) throw new RpcException(new Status(StatusCode.Unavailable, "This gateway has no line to the node."));
        lock (_gate)
        {
            // New keys mean a new connection: the old one goes on showing the old certificate. What is under way on it goes on to its end, or until the node ends
            // it; with nothing left to do it is closed for being idle.
            if (line.Channel is null || line.ConnectedAs != keys.Keys)
            {
                if (line.Channel is { } before) _left.Add(before);
                line.ConnectedAs = keys.Keys;
                line.Channel = GrpcChannel.ForAddress(options.Node, new GrpcChannelOptions
                {
                    HttpHandler = Handler(line.ConnectedAs.Tls),
                    DisposeHttpClient = true,
                    MaxReceiveMessageSize = MaxMessage,
                });
            }
            return line.Channel.CreateCallInvoker();
        }
    }

    private SocketsHttpHandler Handler(X509Certificate2 tls) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        EnableMultipleHttp2Connections = true,
        InitialHttp2StreamWindowSize = 1 << 20,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10),
        KeepAlivePingDelay = TimeSpan.FromSeconds(20),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = SslStreamCertificateContext.Create(tls, additionalCertificates: null, offline: true),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = keys.Anchor.TlsPolicy(serverAuth: true),
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => Accepts(certificate, errors),
        },
    };

    private bool Accepts(X509Certificate? certificate, SslPolicyErrors errors)
    {
        var problem = "the platform's own check failed";
        var accepted = errors == SslPolicyErrors.None
            && keys.Anchor.AcceptsPeer(certificate as X509Certificate2, [HolderRole.Node], clock.GetUtcNow(), asServer: true, out _, out problem);
        if (!accepted) GatewayLog.NodeNotTrusted(log, errors, problem);
        return accepted;
    }

    private sealed class Line
    {
        public GrpcChannel? Channel { get; set; }

        public HolderKeys? ConnectedAs { get; set; }
    }
}
