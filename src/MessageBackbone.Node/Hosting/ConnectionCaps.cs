using System.Collections.Concurrent;
using System.Net;
using MessageBackbone.Domain;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Hosting;

/// <summary>Caps open connections per address and per certificate, and handshakes per address. Memory is one entry per address or certificate that is connected.</summary>
internal sealed class ConnectionCaps(NodeLimits limits, ILogger<ConnectionCaps> logger)
{
    private static readonly object HandshakeKey = new();

    private readonly Counts<IPAddress> _connections = new();
    private readonly Counts<IPAddress> _handshakes = new();
    private readonly Counts<Fingerprint> _certificates = new();

    /// <summary>Goes before TLS.</summary>
    public ConnectionDelegate BeforeHandshake(ConnectionDelegate next) => async connection =>
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        using var place = _connections.TryEnter(address, limits.ConnectionsPerAddress);
        using var handshake = _handshakes.TryEnter(address, limits.HandshakesPerAddress);
        if (place is null || handshake is null)
        {
            HostingLog.ConnectionCapped(logger, "address");
            connection.Abort();
            return;
        }

        connection.Items[HandshakeKey] = handshake;
        await next(connection);
    };

    /// <summary>Goes after TLS where everybody has a certificate.</summary>
    public ConnectionDelegate AfterHandshake(ConnectionDelegate next) => Capped(next, withoutCertificate: false);

    /// <summary>Goes after TLS where one may come without a certificate; the cap per address holds then.</summary>
    public ConnectionDelegate AfterHandshakeOfAnybody(ConnectionDelegate next) => Capped(next, withoutCertificate: true);

    private ConnectionDelegate Capped(ConnectionDelegate next, bool withoutCertificate) => async connection =>
    {
        (connection.Items[HandshakeKey] as IDisposable)?.Dispose();
        var certificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        using var place = certificate is null ? null : _certificates.TryEnter(Fingerprint.Of(certificate.RawDataMemory.Span), limits.ConnectionsPerCertificate);
        if (place is null && !(certificate is null && withoutCertificate))
        {
            HostingLog.ConnectionCapped(logger, "certificate");
            connection.Abort();
            return;
        }

        await next(connection);
    };

    private sealed class Counts<TKey>
        where TKey : notnull
    {
        private readonly ConcurrentDictionary<TKey, int> _open = [];

        public Place? TryEnter(TKey key, int most)
        {
            if (_open.AddOrUpdate(key, 1, static (_, count) => count + 1) <= most)
            {
                return new Place(this, key);
            }

            Leave(key);
            return null;
        }

        private void Leave(TKey key)
        {
            // Removed only while it is still 0: a connection that enters in between keeps its count.
            if (_open.AddOrUpdate(key, 0, static (_, count) => count - 1) == 0)
            {
                _open.TryRemove(KeyValuePair.Create(key, 0));
            }
        }

        public sealed class Place(Counts<TKey> counts, TKey key) : IDisposable
        {
            private int _left;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _left, 1) == 0)
                {
                    counts.Leave(key);
                }
            }
        }
    }
}
