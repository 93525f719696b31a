namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>One append of a stream at a time, in the order in which they came: appends that are sent beside each other may be written in any order.</summary>
internal sealed class StreamTurns
{
    private readonly Lock _gate = new();
    private readonly Dictionary<StreamId, Task> _last = [];

    /// <summary>Returns when it is this caller's turn; the turn ends when what is returned is disposed.</summary>
    public async ValueTask<IDisposable> TakeAsync(StreamId stream, CancellationToken cancellationToken)
    {
        var turn = new Turn(this, stream);
        Task before;
        lock (_gate)
        {
            before = _last.GetValueOrDefault(stream, Task.CompletedTask);
            _last[stream] = turn.Ended;
        }

        try
        {
            await before.WaitAsync(cancellationToken);
            return turn;
        }
        catch (OperationCanceledException)
        {
            // Whoever is behind still waits for those before.
            _ = before.ContinueWith(_ => turn.Dispose(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    private void End(Turn turn)
    {
        lock (_gate)
        {
            if (_last.GetValueOrDefault(turn.Stream) == turn.Ended) _last.Remove(turn.Stream);
        }
    }

    private sealed class Turn(StreamTurns turns, StreamId stream) : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public StreamId Stream => stream;

        public Task Ended => _ended.Task;

        public void Dispose()
        {
            turns.End(this);
            _ended.TrySetResult();
        }
    }
}
