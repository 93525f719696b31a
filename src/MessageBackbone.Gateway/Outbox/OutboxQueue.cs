using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Outbox;

/// <summary>
/// What waits, most urgent first and in the order handed in, and how much of it there may be. Everything in it is in the store as well: this is only the order.
/// </summary>
/// <param name="flashReserve">So many FLASH find room when it is full of other things.</param>
internal sealed class OutboxQueue(int maxMessages, long maxBytes, int flashReserve)
{
    private const long LargestMessage = 1_310_720 + 65_536; // body and header as the contract limits them

    private readonly Lock _gate = new();
    // One a precedence: those of a level that pauses stay where they are while more and less urgent ones go.
    private readonly SortedDictionary<int, PriorityQueue<WaitingMessage, long>> _ready = new(Comparer<int>.Create(static (one, other) => other.CompareTo(one)));
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
    public bool TryReserve(int size, Precedence precedence)
    {
        var more = precedence == Precedence.Flash ? flashReserve : 0;
        lock (_gate)
        {
            if (_messages >= maxMessages + more || _bytes + size > maxBytes + (more * LargestMessage)) return false;
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
            if (!_ready.TryGetValue(message.Precedence, out var level)) _ready.Add(message.Precedence, level = new PriorityQueue<WaitingMessage, long>());
            level.Enqueue(message, message.Row);
            changed = _changed;
        }
        changed.TrySetResult();
    }

    /// <summary>The most urgent one of those whose precedence may go now, the oldest of its level.</summary>
    public WaitingMessage? TryTake(Func<int, bool> mayGo)
    {
        lock (_gate) return _ready.FirstOrDefault(level => level.Value.Count > 0 && mayGo(level.Key)).Value?.Dequeue();
    }

    /// <summary>Takes out this message where it waits for its turn; null: it is under way, or final.</summary>
    public WaitingMessage? TryTake(long row, int precedence)
    {
        lock (_gate)
        {
            if (!_ready.TryGetValue(precedence, out var level)) return null;
            var asked = new WaitingMessage(row, "", precedence, 0, 0);
            return level.Remove(asked, out var taken, out _, SameRow.Instance) ? taken : null;
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

    private sealed class SameRow : EqualityComparer<WaitingMessage>
    {
        public static readonly SameRow Instance = new();

        public override bool Equals(WaitingMessage? x, WaitingMessage? y) => x?.Row == y?.Row;

        public override int GetHashCode(WaitingMessage obj) => obj.Row.GetHashCode();
    }
}
