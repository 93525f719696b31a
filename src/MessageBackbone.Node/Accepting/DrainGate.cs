using MessageBackbone.Protocol.Signing;

namespace MessageBackbone.Node.Accepting;

/// <summary>Whether this node takes new submissions. Closed and opened by operators' orders, and open after every start. Safe for concurrent use.</summary>
internal sealed class DrainGate
{
    private readonly Lock _lock = new();
    private readonly List<Action<TimeSpan>> _listeners = [];
    private TimeSpan? _retryAfter;

    /// <summary>What refused senders are told; null: submissions are taken.</summary>
    public TimeSpan? RetryAfter
    {
        get
        {
            lock (_lock) return _retryAfter;
        }
    }

    /// <summary>From here on what is not recorded yet is refused.</summary>
    public void Close(TimeSpan retryAfter) => Move(retryAfter);

    /// <summary>Submissions are taken again.</summary>
    public void Open() => Move(null);

    /// <exception cref="RefusalException">The node is draining.</exception>
    public void Require()
    {
        if (RetryAfter is { } after)
            throw new RefusalException(
                Reasons.Draining, "The node is about to be stopped and takes nothing new. Send the same bytes again after the time told.", retryAfter: after);
    }

    /// <summary>Calls <paramref name="listener"/> with the time told whenever that changes, and with zero when the gate is opened, until disposed. It must be quick
    /// and not throw.</summary>
    public IDisposable Hear(Action<TimeSpan> listener)
    {
        lock (_lock) _listeners.Add(listener);
        return new Hearing(this, listener);
    }

    private void Move(TimeSpan? retryAfter)
    {
        Action<TimeSpan>[] listeners;
        lock (_lock)
        {
            if (_retryAfter == retryAfter) return;
            _retryAfter = retryAfter;
            listeners = [.. _listeners];
        }
        foreach (var listener in listeners) listener(retryAfter ?? TimeSpan.Zero);
    }

    private sealed class Hearing(DrainGate gate, Action<TimeSpan> listener) : IDisposable
    {
        public void Dispose()
        {
            lock (gate._lock) gate._listeners.Remove(listener);
        }
    }
}
