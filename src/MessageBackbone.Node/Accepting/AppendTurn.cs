namespace MessageBackbone.Node.Accepting;

/// <summary>
/// A place in a queue of submissions: each hands its append to the log after the one before did, without waiting for that one's flush, so order and grouped
/// flushes go together.
/// </summary>
internal sealed class AppendTurn(Task before)
{
    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static AppendTurn First() => new(Task.CompletedTask);

    public AppendTurn Next() => new(_passed.Task);

    public Task ComesAsync(CancellationToken cancellationToken) => before.WaitAsync(cancellationToken);

    /// <summary>The append is queued, or will never be. Who ends early still keeps the next one behind those before itself.</summary>
    public void Pass()
    {
        if (before.IsCompleted)
        {
            _passed.TrySetResult();
        }
        else
        {
            _ = PassAfterAsync();
        }
    }

    private async Task PassAfterAsync()
    {
        await before;
        _passed.TrySetResult();
    }
}
