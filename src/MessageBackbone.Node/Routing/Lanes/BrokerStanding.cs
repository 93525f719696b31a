using MessageBackbone.V1;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What is known of the broker now: whether it is there, and which lanes it holds. Written by the watch, asked from everywhere.</summary>
internal sealed class BrokerStanding : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LaneKey, LaneQueue> _lanes = [];
    private readonly LaneLinks _links = new();
    private TaskCompletionSource _changed = Fresh();
    private CancellationTokenSource _lost = new();
    private CancellationTokenSource _flow = new();
    private Uplink? _uplink;
    private BrokerFault _away = new(TransportCondition.Starting, "connecting");
    private string? _blocked;

    /// <summary>"connected", or what keeps it from that.</summary>
    public string State => Standing().Reason;

    /// <summary>The same as one of a closed set.</summary>
    public TransportCondition Condition => Standing().Condition;

    /// <summary>The broker is there and takes nothing: a memory or disk alarm.</summary>
    public bool IsBlocked
    {
        get
        {
            lock (_lock) return _blocked is not null;
        }
    }

    /// <summary>Not cancelled as long as the broker takes what is sent; cancelled by an alarm, and when it is lost.</summary>
    public CancellationToken Flow
    {
        get
        {
            lock (_lock) return _uplink is not null && _blocked is null ? _flow.Token : new CancellationToken(canceled: true);
        }
    }

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

    /// <summary>The same, once it also takes what is sent.</summary>
    public Task<Uplink> FlowsAsync(CancellationToken cancellationToken) =>
        WhenAsync(() => _blocked is null ? _uplink : null, cancellationToken);

    /// <summary>The same, once it also holds the lane with the right arguments.</summary>
    public Task<Uplink> LaneUpAsync(LaneKey lane, CancellationToken cancellationToken) =>
        WhenAsync(() => Holds(lane) && _uplink is not null ? _links.Of(lane, _uplink) : null, cancellationToken);

    /// <summary>The lane's share in the connection: another one each time that its queue is made anew. Null: the broker cannot be used now.</summary>
    public Uplink? Link(LaneKey lane)
    {
        lock (_lock) return _uplink is null ? null : _links.Of(lane, _uplink);
    }

    /// <summary>What the lane's queue held is going to be gone: whoever receives it ends and begins again when it is declared again.</summary>
    public void Cut(LaneKey lane)
    {
        CancellationTokenSource? ending;
        lock (_lock)
        {
            _lanes.Remove(lane);
            ending = _links.Take(lane);
        }
        ending?.Cancel();
    }

    /// <summary>What is known of a lane's queue.</summary>
    public LaneQueue Queue(LaneKey lane)
    {
        lock (_lock) return _lanes.GetValueOrDefault(lane, LaneQueue.Unknown);
    }

    /// <summary>Whether the broker is there, takes what is sent, and holds the lane with the right arguments.</summary>
    public bool Takes(LaneKey lane)
    {
        lock (_lock) return _uplink is not null && _blocked is null && Holds(lane);
    }

    /// <summary>Whether the lane is known to be declared on this connection, with the broker in use or not yet.</summary>
    public bool IsDeclared(LaneKey lane)
    {
        lock (_lock) return Holds(lane);
    }

    /// <summary>Notes what came of a declaration; false: nothing new.</summary>
    public bool Note(LaneKey lane, LaneQueue queue) => Change(() =>
    {
        var known = _lanes.TryGetValue(lane, out var before) && before.State == queue.State;
        _lanes[lane] = queue;
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
        _uplink = new Uplink(version, _lost.Token);
        return true;
    });

    /// <summary>The broker cannot be used.</summary>
    public void Down(BrokerFault why)
    {
        CancellationTokenSource lost, flow;
        lock (_lock)
        {
            (_away, _blocked) = (why, null);
            if (_uplink is null) return;
            (lost, _lost, _uplink) = (_lost, new CancellationTokenSource(), null);
            _links.Clear();
            (flow, _flow) = (_flow, new CancellationTokenSource());
        }
        // Outside the lock: whoever is told asks again at once. The loss first: a send that ends with it says so.
        lost.Cancel();
        flow.Cancel();
    }

    /// <summary>The broker is there and takes nothing; <paramref name="reason"/> is its own.</summary>
    public void Block(string reason)
    {
        CancellationTokenSource flow;
        lock (_lock)
        {
            _blocked = reason;
            (flow, _flow) = (_flow, new CancellationTokenSource());
        }
        flow.Cancel();
    }

    /// <summary>It takes again what is sent.</summary>
    public void Unblock() => Change(() =>
    {
        _blocked = null;
        return true;
    });

    public void Dispose()
    {
        _lost.Dispose();
        _flow.Dispose();
    }

    private BrokerFault Standing()
    {
        lock (_lock)
            return _blocked is not null ? new(TransportCondition.Blocked, $"blocked: {_blocked}")
                : _uplink is null ? _away : new(TransportCondition.Connected, "connected");
    }

    private bool Holds(LaneKey lane) => _lanes.TryGetValue(lane, out var queue) && queue.State == QueueState.Ok;

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
