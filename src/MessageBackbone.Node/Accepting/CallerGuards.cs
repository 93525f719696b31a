using System.Collections.Concurrent;
using MessageBackbone.Node.Directory;
using Microsoft.Extensions.Hosting;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// Watches the callers of open streams: when a certificate is revoked or a bureau closed, their tokens fire at once. As many entries as open streams.
/// </summary>
internal sealed class CallerGuards(CurrentDirectory directory, Callers callers) : BackgroundService
{
    private readonly ConcurrentDictionary<CallerGuard, byte> _open = [];

    public CallerGuard Watch(Caller caller)
    {
        var guard = new CallerGuard(caller, this);
        _open.TryAdd(guard, 0);
        if (!callers.IsEnrolled(caller))
        {
            guard.Fire(); // revoked between the look-up and this line: the change that said so may have been walked over already
        }

        return guard;
    }

    internal void Leave(CallerGuard guard) => _open.TryRemove(guard, out _);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var version = directory.Version;
        while (!stoppingToken.IsCancellationRequested)
        {
            foreach (var guard in _open.Keys.Where(guard => !callers.IsEnrolled(guard.Caller)))
            {
                guard.Fire();
            }

            version = await version.NextAsync(stoppingToken);
        }
    }
}

internal sealed class CallerGuard : IDisposable
{
    private readonly CancellationTokenSource _ends = new();
    private readonly CallerGuards _guards;

    public CallerGuard(Caller caller, CallerGuards guards)
    {
        _guards = guards;
        Caller = caller with { MustEnd = _ends.Token };
    }

    public Caller Caller { get; }

    public void Fire()
    {
        try
        {
            _ends.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The stream ended by itself while the change arrived: nothing is left to end.
        }
    }

    public void Dispose()
    {
        _guards.Leave(this);
        _ends.Dispose();
    }
}
