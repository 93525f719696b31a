using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using MessageBackbone.Node.Routing;

namespace MessageBackbone.Faults.Houses;

/// <summary>
/// A line between two parts: a TCP proxy that can cut its connections, hold them without a FIN, or slow them. Whatever is done to it, no byte is lost or changed on a
/// connection that lives.
/// </summary>
internal sealed class Proxy : IAsyncDisposable
{
    private const int Buffer = 16 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, LocalBrokerSetup.FreePort());
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Wire, Task> _wires = [];
    private readonly Task _accepting;
    private volatile TaskCompletionSource _flows = Opened();
    private volatile bool _cut;
    private TimeSpan _pause;

    public Proxy(int target)
    {
        _target = new IPEndPoint(IPAddress.Loopback, target);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections at this moment.</summary>
    public int Connections => _wires.Count;

    /// <summary>Breaks every connection; while it is cut, new ones break at once.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (var wire in _wires.Keys) wire.Break();
    }

    /// <summary>From now on no byte passes and no connection ends.</summary>
    public void Stall() => _flows = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Every 16 KiB wait so long, either way.</summary>
    public void Slow(TimeSpan pause) => _pause = pause;

    public void Heal()
    {
        _cut = false;
        _pause = TimeSpan.Zero;
        _flows.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Cut();
        Heal();
        await _accepting;
        await Task.WhenAll(_wires.Values);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var from = await _listener.AcceptSocketAsync(_stop.Token);
                var wire = new Wire(from);
                var carrying = CarryAsync(wire);
                _wires[wire] = carrying;
                _ = carrying.ContinueWith(_ => _wires.TryRemove(wire, out var ended), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                if (_cut) wire.Break();
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            if (!_stop.IsCancellationRequested) throw;
        }
    }

    private async Task CarryAsync(Wire wire)
    {
        try
        {
            await _flows.Task;
            await wire.To.ConnectAsync(_target, _stop.Token);
            Task[] both = [PumpAsync(wire.From, wire.To), PumpAsync(wire.To, wire.From)];
            // A direction that ended in order leaves the other open; one that broke breaks both.
            await await Task.WhenAny(both);
            await Task.WhenAll(both);
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either end broke it, or we did: the other end learns of it below.
        }
        finally
        {
            wire.Break();
        }
    }

    // Read and written apart, so that a slow line delays each piece and not only thins the rate.
    private async Task PumpAsync(Socket from, Socket to)
    {
        var pieces = Channel.CreateBounded<byte[]>(8);
        var reading = ReadAsync(from, pieces.Writer);
        await foreach (var piece in pieces.Reader.ReadAllAsync(_stop.Token))
        {
            await _flows.Task;
            if (_pause > TimeSpan.Zero) await Task.Delay(_pause, TimeProvider.System, _stop.Token);
            for (var sent = 0; sent < piece.Length;) sent += await to.SendAsync(piece.AsMemory(sent), _stop.Token);
        }
        await reading;
        to.Shutdown(SocketShutdown.Send);
    }

    private async Task ReadAsync(Socket from, ChannelWriter<byte[]> pieces)
    {
        var buffer = new byte[Buffer];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var count) await pieces.WriteAsync(buffer[..count], _stop.Token);
            pieces.Complete();
        }
        catch (Exception broken)
        {
            pieces.Complete(broken);
            throw;
        }
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private sealed class Wire(Socket from)
    {
        public Socket From => from;

        public Socket To { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        // A reset, as a line that is cut gives it: nothing that waits in a buffer is delivered.
        public void Break()
        {
            from.Close(0);
            To.Close(0);
        }
    }
}
