using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Cli.Addresses;

/// <summary>A channel to the node, as one holder: TLS 1.3, the pinned CA, and a server that names role node.</summary>
internal sealed class NodeConnection : IDisposable
{
    private const int LargestAnswer = 4 << 20;

    private readonly SocketsHttpHandler _handler;

    private NodeConnection(HolderKeys keys, Uri node, TrustAnchor anchor, TimeProvider clock)
    {
        Keys = keys;
        _handler = new SocketsHttpHandler { SslOptions = Tls(keys, anchor, clock), EnableMultipleHttp2Connections = true };
        Channel = GrpcChannel.ForAddress(node, new GrpcChannelOptions { HttpHandler = _handler, MaxReceiveMessageSize = LargestAnswer });
    }

    public HolderKeys Keys { get; }

    public GrpcChannel Channel { get; }

    /// <summary>Connects as the holder that --as names, else as the only one in the PKI folder that has one of these roles; the first role
    /// wins.</summary>
    public static NodeConnection Open(Session session, params HolderRole[] roles)
    {
        var node = session.Settings.Node;
        var holder = session.Settings.As is { } told
            ? HolderFolder.Open(session.Settings.Pki, told)
            : session.Settings.ActAs(roles.FirstOrDefault(r => HolderFolder.All(session.Settings.Pki).Any(h => h.Holder.Role == r), roles[0]));
        return Open(session, holder, node);
    }

    public static NodeConnection Open(Session session, HolderFolder holder, Uri node)
    {
        var anchor = new PkiFolder(session.Settings.Pki, session.Shell.Clock).OpenTrustAnchor();
        return Open(holder.OpenKeys(), node, anchor, session.Shell.Clock);
    }

    public static NodeConnection Open(HolderKeys keys, Uri node, TrustAnchor anchor, TimeProvider clock) => new(keys, node, anchor, clock);

    public void Dispose()
    {
        Channel.Dispose();
        _handler.Dispose();
        Keys.Dispose();
    }

    private static SslClientAuthenticationOptions Tls(HolderKeys keys, TrustAnchor anchor, TimeProvider clock) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificates = [keys.Tls],
        LocalCertificateSelectionCallback = (_, _, _, _, _) => keys.Tls,
        CertificateChainPolicy = anchor.TlsPolicy(serverAuth: true),
        RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            && anchor.AcceptsPeer(certificate as X509Certificate2, [HolderRole.Node], clock.GetUtcNow(), asServer: true, out _, out _),
    };
}
