namespace MessageBackbone.Node.Content;

/// <summary>
/// Who writes which file. One at a time; the newest wins, because the older one is most often a call whose caller is gone and whose end nobody told. Safe for
/// concurrent use.
/// </summary>
internal sealed class UploadTurns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AttachmentKey, Turn> _turns = [];

    /// <summary>Ends the turn of before and waits until it has left.</summary>
    public async Task<Turn> EnterAsync(AttachmentKey key, CancellationToken cancellationToken)
    {
        while (true)
        {
            Turn? before;
            lock (_lock)
            {
                if (!_turns.TryGetValue(key, out before)) return _turns[key] = new Turn(this, key);
            }

            before.Supersede();
            await before.Left.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Null: somebody writes this file now.</summary>
    public Turn? TryEnter(AttachmentKey key)
    {
        lock (_lock) return _turns.ContainsKey(key) ? null : _turns[key] = new Turn(this, key);
    }

    internal sealed class Turn(UploadTurns turns, AttachmentKey key) : IDisposable
    {
        private readonly CancellationTokenSource _superseded = new();
        private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Fires when a newer call wants the turn.</summary>
        public CancellationToken Superseded => _superseded.Token;

        public Task Left => _left.Task;

        public void Supersede() => _superseded.Cancel();

        public void Dispose()
        {
            lock (turns._lock) turns._turns.Remove(key);
            _left.TrySetResult();
        }
    }
}
