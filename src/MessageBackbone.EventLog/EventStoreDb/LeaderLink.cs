using System.Net;
using System.Security.Authentication;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>The way to the node that leads. Holds one connection; makes another when it is lost, with a pause that grows while none can be made.</summary>
/// <remarks>A call that fails is not tried again here. It says what is to be tried next: the leader that the server named, or all hosts.</remarks>
internal sealed class LeaderLink(
    ConnectionString to, EventStoreDbOptions options, Func<LeaderConnection, CancellationToken, Task> introduce, TimeProvider clock, ILogger logger) : IDisposable
{
    private const int MostRedirects = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly ServerChannel _server = new(to);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _closed = new();
    private LeaderConnection? _connection;
    private DnsEndPoint? _named;
    private TimeSpan _pause;
    private long _failedAt;
    private string _lastFault = "";

    /// <summary>How long to wait before the next attempt can be of use.</summary>
    public TimeSpan Pause => Left is var left && left > TimeSpan.Zero ? left : FirstPause;

    /// <summary>Runs one call on the connection to the leader.</summary>
    /// <exception cref="EventLogUnavailableException">The server cannot be reached, is late, does not lead or refuses.</exception>
    public async Task<T> CallAsync<T>(Func<LeaderConnection, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
        using var time = connection.NewCall(cancellationToken);
        try
        {
            return await call(connection, time.Token);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Failed(connection, e, time.IsLate);
        }
    }

    /// <summary>The connection that is there, or a new one.</summary>
    /// <exception cref="EventLogUnavailableException">None can be made now.</exception>
    public async ValueTask<LeaderConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Current is { } there) return there;
        ThrowIfClosed();
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (Current is { } made) return made;
            ThrowIfClosed();
            if (Left > TimeSpan.Zero) throw new EventLogUnavailableException($"The event log {to} cannot be reached: {_lastFault}");
            return await ConnectOnceAsync(cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Takes note of why a call failed, so that the next one goes where it can succeed.</summary>
    public EventLogUnavailableException Failed(LeaderConnection connection, Exception fault, bool isLate = false)
    {
        if (_closed.IsCancellationRequested) return Closed();
        if (fault is RpcException rpc)
        {
            if (ServerFaults.LeaderNamed(rpc) is { } leader)
            {
                Interlocked.Exchange(ref _named, leader);
                EventLogLog.LeaderChanged(logger, ConnectionString.Show(connection.Host), ConnectionString.Show(leader));
            }
            else if (!isLate && ServerFaults.IsOfTheCallAlone(rpc))
            {
                return new($"The event log {to} refused: {ServerFaults.Words(rpc)}", rpc);
            }
        }

        connection.Lose();
        return new(isLate ? $"The event log {to} did not answer in time" : $"The event log {to} failed: {ServerFaults.Words(fault)}", fault);
    }

    public void Dispose()
    {
        if (_closed.IsCancellationRequested) return;
        _closed.Cancel();
        _connection?.Dispose();
        _server.Dispose();
    }

    public static EventLogUnavailableException Closed() => new("The event log is closed.");

    // By elapsed time: a clock that is set back must not make it longer.
    private TimeSpan Left => _pause == TimeSpan.Zero ? TimeSpan.Zero : _pause - clock.GetElapsedTime(_failedAt);

    private LeaderConnection? Current => Volatile.Read(ref _connection) is { Lost.IsCancellationRequested: false } there ? there : null;

    private async Task<LeaderConnection> ConnectOnceAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        try
        {
            var made = await FollowAsync(stop.Token);
            _connection?.Dispose();
            Volatile.Write(ref _connection, made);
            _pause = TimeSpan.Zero;
            EventLogLog.Connected(logger, ConnectionString.Show(made.Host));
            return made;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or EventLogUnavailableException or EventLogOpenException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfClosed();
            _lastFault = ServerFaults.Words(e);
            _pause = _pause == TimeSpan.Zero ? FirstPause : Min(_pause * 2, options.ReconnectAtMost);
            _failedAt = clock.GetTimestamp();
            EventLogLog.Unreachable(logger, to.ToString(), _lastFault, _pause);
            throw e as EventLogUnavailableException ?? new($"The event log {to} cannot be reached: {_lastFault}", e);
        }
    }

    // The one asked may name another, and that one yet another while they elect.
    private async Task<LeaderConnection> FollowAsync(CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            var host = Interlocked.Exchange(ref _named, null) ?? await new LeaderFinding(to, _server, clock).FindAsync(cancellationToken);
            var connection = new LeaderConnection(host, _server, to.Deadline, clock);
            try
            {
                using var time = connection.NewCall(cancellationToken);
                await introduce(connection, time.Token);
                return connection;
            }
            catch (RpcException e) when (redirects < MostRedirects && ServerFaults.LeaderNamed(e) is { } leader)
            {
                _named = leader;
                connection.Dispose();
            }
            catch (Exception e)
            {
                connection.Dispose();
                if (e is RpcException { Status.DebugException: var cause } && Certificate(cause) is { } wrong)
                    throw new EventLogOpenException(
                        to.ToString(), $"TLS with the event log did not come about: {ServerFaults.Words(wrong)} Its certificate, tlsCaFile or tls=… is wrong", e);
                if (e is RpcException rpc && ServerFaults.IsRefusedAccess(rpc))
                    throw new EventLogOpenException(to.ToString(), $"The event log refused the user of the connection string: {ServerFaults.Words(rpc)}", e);
                throw;
            }
        }
    }

    private static AuthenticationException? Certificate(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
            if (fault is AuthenticationException wrong) return wrong;
        return null;
    }

    private void ThrowIfClosed()
    {
        if (_closed.IsCancellationRequested) throw Closed();
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
