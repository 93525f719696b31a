namespace MessageBackbone.Gateway.Outbox;

/// <summary>
/// What waits, most urgent first and in the order handed in, and how much of it there may be. Everything in it is in the store as well: this is only the order.
/// </summary>
internal sealed class OutboxQueue(int maxMessages, long maxBytes)
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<WaitingMessage, (int Urgency, long Row)> _ready = new();
    private TaskCompletionSource _changed = Fresh();
    private int _messages;
    private long _bytes;

    public int Messages
    {
        get { lock (_gate) return _messages; }
    }

    public long Bytes
    {
        get { lock (_gate) return _bytes; }
    }

    /// <summary>Takes room before anything is written; false when the outbox is full.</summary>
    public bool TryReserve(int size)
    {
        lock (_gate)
        {
            if (_messages >= maxMessages || _bytes + size > maxBytes) return false;
            Count(1, size);
            return true;
        }
    }

    /// <summary>Room for what is in the store already, whatever the limit is now.</summary>
    public void ReserveStored(int size)
    {
        lock (_gate) Count(1, size);
    }

    /// <summary>The message is final, or was never written.</summary>
    public void Free(int size)
    {
        lock (_gate) Count(-1, -size);
    }

    /// <summary>A message that was sealed again may have another size.</summary>
    public void Resize(int before, int after)
    {
        lock (_gate) Count(0, after - before);
    }

    public void Put(WaitingMessage message)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _ready.Enqueue(message, (-message.Precedence, message.Row));
            changed = _changed;
        }
        changed.TrySetResult();
    }

    /// <summary>The most urgent one, if its precedence is at least <paramref name="atLeast"/>.</summary>
    public WaitingMessage? TryTake(int atLeast)
    {
        lock (_gate)
        {
            if (!_ready.TryPeek(out var first, out _) || first.Precedence < atLeast) return null;
            return _ready.Dequeue();
        }
    }

    /// <summary>Ends when something was put since the last call of this or <see cref="Changed"/> was asked; ask before <see cref="TryTake"/>.</summary>
    public Task Changed()
    {
        lock (_gate)
        {
            if (_changed.Task.IsCompleted) _changed = Fresh();
            return _changed.Task;
        }
    }

    private void Count(int messages, long bytes)
    {
        _messages += messages;
        _bytes += bytes;
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
