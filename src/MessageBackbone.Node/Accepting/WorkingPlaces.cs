using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>
/// How many submissions are worked on at a time. A share of the places is for FLASH alone; a place that falls free goes to the most urgent that waits, and
/// within a precedence to the first. Those that wait are bounded for each precedence by number and bytes, and by number for each bureau. Safe for concurrent use.
/// </summary>
internal sealed class WorkingPlaces(AcceptingOptions options)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly Level[] _levels = [new(Precedence.Flash), new(Precedence.Immediate), new(Precedence.Priority), new(Precedence.Routine)];
    private int _taken;

    /// <summary>Submissions that are worked on now, or wait for it.</summary>
    public int UnderWay
    {
        get
        {
            lock (_lock) return _taken + _levels.Sum(level => level.Count);
        }
    }

    /// <summary>The place in the order is taken when this returns, the place to work at when its task ends. The task fails with a refusal where too many wait.</summary>
    /// <param name="bytes">What the submission holds in memory while it waits.</param>
    public Task<Place> EnterAsync(string bureau, Precedence precedence, int bytes, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_lock)
        {
            var level = Array.Find(_levels, level => level.Precedence == precedence) ?? _levels[^1];
            if (IsFree(level))
            {
                _taken++;
                return Task.FromResult(new Place(this));
            }

            if (level.Count >= options.Waiting || level.Bytes + bytes > options.WaitingBytes || level.Of(bureau) >= options.WaitingOfOneBureau)
            {
                NodeMetrics.TurnedAway(level.Precedence);
                return Task.FromException<Place>(new RefusalException(
                    Reasons.StoreUnavailable, "The node has too much in hand. Send the same bytes again after the time told.", retryAfter: Again));
            }

            waiter = new Waiter(level, bureau, bytes);
            level.Add(waiter);
        }

        return WaitAsync(waiter, cancellationToken);
    }

    private async Task<Place> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        await using var leaving = cancellationToken.Register(() =>
        {
            lock (_lock)
            {
                if (waiter.Level.Remove(waiter)) waiter.Granted.TrySetCanceled(cancellationToken);
            }
        });
        return await waiter.Granted.Task;
    }

    private bool IsFree(Level level) => _taken < options.AtOnce - (level.Precedence == Precedence.Flash ? 0 : options.FlashShare);

    private void Leave()
    {
        lock (_lock)
        {
            _taken--;
            while (Array.Find(_levels, level => level.Count > 0) is { } level && IsFree(level))
            {
                _taken++;
                level.TakeFirst().Granted.SetResult(new Place(this));
            }
        }
    }

    /// <summary>One submission is worked on until this is disposed.</summary>
    internal sealed class Place(WorkingPlaces places) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) places.Leave();
        }
    }

    private sealed record Waiter(Level Level, string Bureau, int Bytes)
    {
        public TaskCompletionSource<Place> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter>? Node { get; set; }
    }

    private sealed class Level(Precedence precedence)
    {
        private readonly LinkedList<Waiter> _waiting = [];
        private readonly Dictionary<string, int> _bureaus = new(StringComparer.Ordinal);

        public Precedence Precedence => precedence;

        public int Count => _waiting.Count;

        public long Bytes { get; private set; }

        public int Of(string bureau) => _bureaus.GetValueOrDefault(bureau);

        public void Add(Waiter waiter)
        {
            waiter.Node = _waiting.AddLast(waiter);
            _bureaus[waiter.Bureau] = Of(waiter.Bureau) + 1;
            Bytes += waiter.Bytes;
            NodeMetrics.Waiting(precedence, 1);
        }

        public Waiter TakeFirst()
        {
            var first = _waiting.First!.Value;
            Remove(first);
            return first;
        }

        /// <summary>False: it was taken already.</summary>
        public bool Remove(Waiter waiter)
        {
            if (waiter.Node?.List is null) return false;
            _waiting.Remove(waiter.Node);
            if (--_bureaus[waiter.Bureau] == 0) _bureaus.Remove(waiter.Bureau);
            Bytes -= waiter.Bytes;
            NodeMetrics.Waiting(precedence, -1);
            return true;
        }
    }
}
