namespace MessageBackbone.Faults.Matrix;

/// <summary>How a write goes wrong.</summary>
public enum Way
{
    /// <summary>It fails, and nothing of it is there.</summary>
    NotPersisted,

    /// <summary>It is there, and the writer is told that it failed.</summary>
    Persisted,

    /// <summary>Its caller's token is cancelled before the store has it: nothing of it is there.</summary>
    CancelledBefore,

    /// <summary>Its caller's token is cancelled while the store has it and has not committed it: it is there all the same.</summary>
    CancelledQueued,
}

/// <summary>The first write goes wrong, all others are as ever.</summary>
internal sealed class Strike(Way way)
{
    private static readonly TimeSpan CancelledWithin = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _struck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _isThere = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _writes;

    public Way Way => way;

    /// <summary>Completes when the write went wrong, or is where its caller's token is to be cancelled.</summary>
    public Task Struck => _struck.Task;

    /// <summary>Completes when the write has its end: whether it is there.</summary>
    public Task<bool> IsThere => _isThere.Task;

    /// <summary>Whether it must be.</summary>
    public bool MustBeThere => way is Way.Persisted or Way.CancelledQueued;

    public bool IsCancelled => way is Way.CancelledBefore or Way.CancelledQueued;

    public bool IsFirst() => Interlocked.Increment(ref _writes) == 1;

    /// <param name="write">The write with a token.</param>
    /// <param name="writeHeld">The write with the caller's token, whose store calls what it is given when it has the write and before it commits.</param>
    /// <param name="fault">What the store throws.</param>
    /// <param name="caller">The caller's token. The store is given this one: what it makes of it is what is tried here.</param>
    public async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> write, Func<Action, Task<T>> writeHeld, Func<Exception> fault, CancellationToken caller)
    {
        if (!IsFirst()) return await write(caller);
        switch (way)
        {
            case Way.CancelledBefore:
                Strikes();
                await CancelledAsync(caller);
                return await EndsAsync(write(caller));
            case Way.CancelledQueued:
                return await EndsAsync(writeHeld(() => Hold(caller)));
            default:
                if (way == Way.Persisted) await write(CancellationToken.None);
                Ends(way == Way.Persisted);
                Strikes();
                throw fault();
        }
    }

    public void Strikes() => _struck.TrySetResult();

    public void Ends(bool isThere) => _isThere.TrySetResult(isThere);

    /// <summary>Returns when the token is cancelled.</summary>
    public static async Task CancelledAsync(CancellationToken caller)
    {
        await Task.Delay(CancelledWithin, TimeProvider.System, caller).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!caller.IsCancellationRequested) throw NotCancelled();
    }

    // On the store's own thread: what it has begun waits with it.
    private void Hold(CancellationToken caller)
    {
        Strikes();
        if (!caller.WaitHandle.WaitOne(CancelledWithin)) throw NotCancelled();
    }

    private async Task<T> EndsAsync<T>(Task<T> write)
    {
        try
        {
            var written = await write;
            Ends(isThere: true);
            return written;
        }
        catch
        {
            Ends(isThere: false);
            throw;
        }
    }

    private static TimeoutException NotCancelled() => new($"The caller's token was not cancelled within {CancelledWithin}.");
}
