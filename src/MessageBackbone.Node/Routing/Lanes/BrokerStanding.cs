namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What is known of the broker now: whether it is there, and which lanes it holds. Written by the watch, asked from everywhere.</summary>
internal sealed class BrokerStanding : IDisposable
{
    private readonly Lock _lock = new();
    // True: declared on this connection; false: the broker has it with other arguments.
    private readonly Dictionary<LaneKey, bool> _lanes = [];
    private TaskCompletionSource _changed = Fresh();
    private CancellationTokenSource _lost = new();
    private Uplink? _uplink;

    /// <summary>"connected", or what keeps it from that.</summary>
    public string State { get; private set; } = "connecting";

    /// <summary>The broker's connection; null: it cannot be used now.</summary>
    public Uplink? Now
    {
        get
        {
            lock (_lock) return _uplink;
        }
    }

    /// <summary>Completes with the broker's connection once it may be used.</summary>
    public Task<Uplink> UpAsync(CancellationToken cancellationToken) => WhenAsync(() => _uplink, cancellationToken);

    /// <summary>The same, once it also holds the lane with the right arguments.</summary>
    public Task<Uplink> LaneUpAsync(LaneKey lane, CancellationToken cancellationToken) =>
        WhenAsync(() => Holds(lane) ? _uplink : null, cancellationToken);

    /// <summary>Whether the broker is there and holds the lane with the right arguments.</summary>
    public bool Takes(LaneKey lane)
    {
        lock (_lock) return _uplink is not null && Holds(lane);
    }

    /// <summary>Whether the lane is known to be declared on this connection, with the broker in use or not yet.</summary>
    public bool IsDeclared(LaneKey lane)
    {
        lock (_lock) return Holds(lane);
    }

    /// <summary>Notes what came of a declaration; false: nothing new.</summary>
    public bool Note(LaneKey lane, bool declared) => Change(() =>
    {
        var known = _lanes.TryGetValue(lane, out var before) && before == declared;
        _lanes[lane] = declared;
        return !known;
    });

    /// <summary>Nobody knows whether the broker still holds the lane.</summary>
    public void Forget(LaneKey lane) => Change(() => _lanes.Remove(lane));

    /// <summary>A new connection: nothing is known of its lanes.</summary>
    public void Begin() => Change(() =>
    {
        _lanes.Clear();
        return true;
    });

    public void Up(string version) => Change(() =>
    {
        (_uplink, State) = (new Uplink(version, _lost.Token), "connected");
        return true;
    });

    /// <summary>The broker cannot be used; <paramref name="reason"/> is for people.</summary>
    public void Down(string reason)
    {
        CancellationTokenSource lost;
        lock (_lock)
        {
            State = reason;
            if (_uplink is null) return;
            (lost, _lost, _uplink) = (_lost, new CancellationTokenSource(), null);
        }
        // Outside the lock: whoever is told asks again at once.
        lost.Cancel();
    }

    public void Dispose() => _lost.Dispose();

    private bool Holds(LaneKey lane) => _lanes.TryGetValue(lane, out var declared) && declared;

    private async Task<Uplink> WhenAsync(Func<Uplink?> ask, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (ask() is { } uplink) return uplink;
                changed = _changed.Task;
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    private bool Change(Func<bool> change)
    {
        lock (_lock)
        {
            var news = change();
            _changed.TrySetResult();
            _changed = Fresh();
            return news;
        }
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
