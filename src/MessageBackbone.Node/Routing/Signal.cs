using System.Threading.Channels;

namespace MessageBackbone.Node.Routing;

/// <summary>"There may be work": any number of calls to <see cref="Set"/> wake the one waiter once. A call while nobody waits is remembered.</summary>
internal sealed class Signal
{
    private readonly Channel<bool> _channel =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Set() => _channel.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken cancellationToken) => await _channel.Reader.ReadAsync(cancellationToken);

    /// <summary>Waits until set, or until <paramref name="limit"/> has passed by <paramref name="clock"/>; null: without limit.</summary>
    public async Task WaitAsync(TimeSpan? limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (limit is not { } time)
        {
            await WaitAsync(cancellationToken);
            return;
        }
        if (time <= TimeSpan.Zero) return;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var set = _channel.Reader.WaitToReadAsync(stop.Token).AsTask();
        var timer = Task.Delay(time, clock, stop.Token);
        await Task.WhenAny(set, timer);
        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        _channel.Reader.TryRead(out _);
    }
}
