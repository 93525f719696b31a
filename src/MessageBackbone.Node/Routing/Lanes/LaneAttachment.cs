namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>One gateway's hold on a lane: runs until it is disposed, over any number of connections.</summary>
internal sealed class LaneAttachment : ILaneAttachment
{
    private readonly CancellationTokenSource _gone;
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private bool _disposed;

    /// <param name="run">Ends when <see cref="Gone"/> is cancelled.</param>
    /// <param name="ended">Cancelled when the lane itself ends.</param>
    public LaneAttachment(Func<LaneAttachment, Task> run, CancellationToken ended)
    {
        _gone = CancellationTokenSource.CreateLinkedTokenSource(ended);
        Gone = _gone.Token;
        _running = run(this);
    }

    public CancellationToken Gone { get; }

    public Task Attached => _attached.Task;

    /// <summary>References come, for the first time or again.</summary>
    public void Opened() => _attached.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _gone.CancelAsync();
        await Task.WhenAny(_running);
        _gone.Dispose();
        _attached.TrySetResult();
        if (_running.IsFaulted) await _running;
    }
}
