namespace MessageBackbone.Node.Delivering;

/// <summary>Who attends. One place a bureau; the newest takes it, and begins only when the one before has given everything back.</summary>
internal sealed class Attendances
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Place> _places = new(StringComparer.Ordinal);
    private TaskCompletionSource _change = Fresh();

    /// <summary>Bureaus that attend now.</summary>
    public IReadOnlyList<string> Attending
    {
        get
        {
            lock (_gate) return [.. _places.Keys.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Completes when <see cref="Attending"/> changes the next time; ask before reading it.</summary>
    public Task Changes()
    {
        lock (_gate) return _change.Task;
    }

    /// <summary>Takes the bureau's place at once; who held it is told to end.</summary>
    public Place Take(string bureau)
    {
        Place place;
        lock (_gate)
        {
            place = new Place(this, bureau, _places.GetValueOrDefault(bureau));
            _places[bureau] = place;
            if (place.Before is null) Tell();
        }
        place.Before?.Supersede();
        return place;
    }

    private void Leave(string bureau, Place place)
    {
        lock (_gate)
            if (_places.GetValueOrDefault(bureau) == place)
            {
                _places.Remove(bureau);
                Tell();
            }
    }

    private void Tell()
    {
        _change.TrySetResult();
        _change = Fresh();
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal sealed class Place(Attendances all, string bureau, Place? before) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _superseded = new();
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Place? Before { get; private set; } = before;

        /// <summary>Fires when a newer attendance takes the place.</summary>
        public CancellationToken Superseded => _superseded.Token;

        /// <summary>Returns when the attendance before has returned its lanes.</summary>
        public async Task FreeAsync(CancellationToken cancellationToken)
        {
            if (Before is not { } earlier) return;
            await earlier._ended.Task.WaitAsync(cancellationToken);
            Before = null;
        }

        public async ValueTask DisposeAsync()
        {
            // Who was superseded while it waited must not let the next one in before its own predecessor is gone.
            if (Before is { } earlier) await earlier._ended.Task;
            all.Leave(bureau, this);
            _ended.TrySetResult();
        }

        internal void Supersede() => _superseded.Cancel();
    }
}
