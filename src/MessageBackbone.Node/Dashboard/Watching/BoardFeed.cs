using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting.Storing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Dashboard.Watching;

/// <summary>Reads the state of the board and hands the same one to every watching browser, at most once an interval however much is delivered: a thousand
/// deliveries a second and ten browsers cost what one delivery and ten browsers cost.</summary>
/// <remarks>It goes on slowly while nobody watches, so that an alarm's <c>Since</c> is true for whoever looks next.</remarks>
internal sealed class BoardFeed(BoardReading reading, DashboardOptions options, TimeProvider clock, ILogger<BoardFeed> logger) : BackgroundService
{
    private static readonly TimeSpan Unwatched = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly List<Action<BoardState>> _watchers = [];
    private readonly TaskCompletionSource<BoardState> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _watched = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private BoardState? _now;

    /// <summary>The newest state; at the node's start the first one is waited for.</summary>
    public ValueTask<BoardState> NowAsync(CancellationToken cancellationToken) =>
        Volatile.Read(ref _now) is { } now ? new(now) : new(_first.Task.WaitAsync(cancellationToken));

    /// <summary>Calls <paramref name="show"/> with each new state until disposed; it must return at once.</summary>
    public IDisposable Watch(Action<BoardState> show)
    {
        lock (_gate)
        {
            _watchers.Add(show);
            _watched.TrySetResult();
            _more.SetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new Watching(this, show);
    }

    /// <summary>Returns once at least so many browsers watch.</summary>
    public async Task WatchedByAsync(int browsers, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (_watchers.Count >= browsers) return;
                more = _more.Task;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await LookAsync(stoppingToken);
            await Task.Delay(options.ShowEvery, clock, stoppingToken);
            Task watched;
            lock (_gate) watched = _watchers.Count > 0 ? Task.CompletedTask : _watched.Task;
            if (watched.IsCompleted) continue;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            await await Task.WhenAny(watched.WaitAsync(either.Token), Task.Delay(Unwatched, clock, either.Token));
            await either.CancelAsync();
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            Show(await reading.ReadAsync(cancellationToken));
        }
        catch (Exception fault) when (fault is EventLogUnavailableException or ReadModelFault)
        {
            // What is shown is old now, and says so: a wall that stands still must not look like a quiet night.
            if (_now?.Problem is null) DashboardLog.CannotRead(logger, fault);
            // At the node's start there is no last one: the parts are shown, and no page waits for numbers that do not come.
            Show(await reading.WithoutNumbersAsync(_now, fault.Message, cancellationToken));
        }
    }

    private void Show(BoardState state)
    {
        Volatile.Write(ref _now, state);
        _first.TrySetResult(state);
        Action<BoardState>[] watchers;
        lock (_gate) watchers = [.. _watchers];
        foreach (var show in watchers) show(state);
    }

    private void Leave(Action<BoardState> show)
    {
        lock (_gate)
        {
            _watchers.Remove(show);
            if (_watchers.Count == 0 && _watched.Task.IsCompleted) _watched = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class Watching(BoardFeed feed, Action<BoardState> show) : IDisposable
    {
        public void Dispose() => feed.Leave(show);
    }
}
