using MessageBackbone.EventLog;

namespace MessageBackbone.Node.Projecting;

/// <summary>A follower that was waited for stopped; the message says why and what to do.</summary>
internal sealed class FollowerStoppedException(string name, string state) : Exception($"The read model \"{name}\" stopped: {state}.");

/// <summary>How far a follower has come, for those who wait for it. Woken by commits, not by a clock.</summary>
internal sealed class Progress(string name)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _moved = NewBell();
    private LogPosition _position;
    private bool _follows;
    private string? _stopped;

    public LogPosition Position
    {
        get
        {
            lock (_gate) return _position;
        }
    }

    /// <summary>The rows are gone: back to the start, until the follower follows again.</summary>
    public void Reset() => Change(() => (_position, _follows, _stopped) = (LogPosition.Start, false, null));

    /// <summary>The follower follows, and has come so far.</summary>
    public void Move(LogPosition position) => Change(() => (_position, _follows, _stopped) = (position, true, null));

    /// <summary>It will not move again by itself: everyone who waits is told.</summary>
    public void Stop(string state) => Change(() => _stopped = state);

    /// <summary>Returns once every event up to <paramref name="position"/> is in the rows.</summary>
    /// <exception cref="FollowerStoppedException">It stopped before.</exception>
    public async Task WaitForAsync(LogPosition position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_follows && _position >= position) return;
                if (_stopped is { } state) throw new FollowerStoppedException(name, state);
                moved = _moved.Task;
            }

            await moved.WaitAsync(cancellationToken);
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource bell;
        lock (_gate)
        {
            change();
            bell = _moved;
            _moved = NewBell();
        }

        bell.SetResult();
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
