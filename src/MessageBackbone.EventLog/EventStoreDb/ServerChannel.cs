using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Makes the channels to the hosts of one connection string: TLS, keep-alive, who calls. Certificates are read once, when it is made.</summary>
internal sealed class ServerChannel : IDisposable
{
    // An event of 1 MiB, its metadata once more in base64, and what the server adds.
    private const int LargestAnswer = 16 << 20;

    private readonly ConnectionString _to;
    private readonly SslClientAuthenticationOptions? _tls;
    private readonly X509Certificate2? _certificate;

    /// <exception cref="EventLogOpenException">A certificate or key file cannot be read.</exception>
    public ServerChannel(ConnectionString to)
    {
        _to = to;
        if (!to.Tls) return;
        _certificate = to.Certificate is { } pair ? Read(pair.Certificate, file => X509Certificate2.CreateFromPemFile(file, pair.Key)) : null;
        _tls = new SslClientAuthenticationOptions { CertificateRevocationCheckMode = X509RevocationMode.NoCheck };
        if (_certificate is not null) _tls.ClientCertificates = [_certificate];
        if (to.TlsCaFile is { } authority) _tls.CertificateChainPolicy = Trusting(authority);
#pragma warning disable CA5359 // tlsVerifyCert=false asks for just this; the user wrote it, and the default is to verify
        if (!to.TlsVerify) _tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
    }

    public GrpcChannel Open(DnsEndPoint host) => GrpcChannel.ForAddress(
        $"{(_to.Tls ? "https" : "http")}://{ConnectionString.Show(host)}",
        new GrpcChannelOptions { HttpHandler = NewHandler(), DisposeHttpClient = true, MaxReceiveMessageSize = LargestAnswer });

    /// <summary>What goes with each call. <c>requires-leader</c>: a node that does not lead refuses, and says who does.</summary>
    public Metadata Headers(bool requiresLeader)
    {
        var headers = new Metadata { { "connection-name", _to.ConnectionName } };
        if (requiresLeader) headers.Add("requires-leader", "true");
        if (_to.User is { } user) headers.Add("authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user.UserName}:{user.Password}"))}");
        return headers;
    }

    public void Dispose() => _certificate?.Dispose();

    private SocketsHttpHandler NewHandler()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = _to.GossipTimeout,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = _to.KeepAliveInterval,
            KeepAlivePingTimeout = _to.KeepAliveTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            UseCookies = false,
            UseProxy = false,
        };
        if (_tls is not null) handler.SslOptions = _tls;
        return handler;
    }

    private static X509ChainPolicy Trusting(string authority)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(Read(authority, file =>
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            return certificates.Count > 0 ? certificates : throw new CryptographicException("it holds no certificate");
        }));
        return policy;
    }

    private static T Read<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new EventLogOpenException(file, $"A certificate of the event log's connection string cannot be read: {e.Message}", e);
        }
    }
}
