using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>A connection to the node that leads, until something shows that it does not or cannot be reached. Then it is lost for good, and with it every
/// call on it; the next call makes another.</summary>
internal sealed class LeaderConnection : IDisposable
{
    private readonly ServerChannel _server;
    private readonly GrpcChannel _channel;
    private readonly TimeSpan _deadline;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _lost = new();
    private readonly Lazy<BatchAppending> _appending;
    private int _disposed;

    public LeaderConnection(DnsEndPoint host, ServerChannel server, TimeSpan deadline, TimeProvider clock)
    {
        (Host, _server, _deadline, _clock) = (host, server, deadline, clock);
        _channel = server.Open(host);
        Streams = new(_channel);
        Lost = _lost.Token;
        _appending = new(() => new(Streams.BatchAppend(Headers, cancellationToken: Lost), deadline, clock, Lose));
    }

    public DnsEndPoint Host { get; }

    public Streams.StreamsClient Streams { get; }

    public Metadata Headers => _server.Headers(requiresLeader: true);

    /// <summary>Cancelled when the connection is lost.</summary>
    public CancellationToken Lost { get; }

    /// <summary>The one call that carries all appends.</summary>
    public BatchAppending Appending => _appending.Value;

    /// <summary>The time that the server has for one call.</summary>
    public CallTime NewCall(CancellationToken cancellationToken) => new(_deadline, _clock, cancellationToken, Lost);

    public void Lose()
    {
        if (!_lost.IsCancellationRequested) _lost.Cancel();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        Lose();
        _channel.Dispose();
    }
}

/// <summary>How long one call may last: until the server is late, the caller gives up, or the connection is lost.</summary>
internal sealed class CallTime : IDisposable
{
    private readonly CancellationTokenSource _late;
    private readonly CancellationTokenSource _any;

    public CallTime(TimeSpan deadline, TimeProvider clock, CancellationToken caller, CancellationToken lost)
    {
        _late = new(deadline, clock);
        _any = CancellationTokenSource.CreateLinkedTokenSource(_late.Token, caller, lost);
    }

    public CancellationToken Token => _any.Token;

    public bool IsLate => _late.IsCancellationRequested;

    public void Dispose()
    {
        _any.Dispose();
        _late.Dispose();
    }
}
