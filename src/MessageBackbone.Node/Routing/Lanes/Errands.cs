using System.Collections.Concurrent;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>What others have the watch do at the broker: one after the other, and never beside its own looking after the lanes.</summary>
internal sealed class Errands
{
    private readonly ConcurrentQueue<Errand> _waiting = new();

    /// <summary>Returns what <paramref name="run"/> did on the present connection. When that one ends before, so does the wait, and it is not run.
    /// </summary>
    /// <exception cref="BrokerAwayException">The connection ended.</exception>
    public async Task<T> DoAsync<T>(Func<CancellationToken, Task<T>> run, Uplink uplink, CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, uplink.Lost);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(new Errand(async stop => done.TrySetResult(await run(stop)), fault => done.TrySetException(fault), until.Token));
        try
        {
            return await done.Task.WaitAsync(until.Token);
        }
        catch (OperationCanceledException) when (uplink.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BrokerAwayException();
        }
    }

    /// <summary>Runs those that wait. A fault is the caller's who ordered it, and not the watch's.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (_waiting.TryDequeue(out var errand))
        {
            if (errand.Over.IsCancellationRequested) continue;
            try
            {
                // Begun, it is brought to its end, whether its caller still waits or not: half a rebuilding helps nobody.
                await errand.Run(cancellationToken);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                errand.Fail(fault);
            }
        }
    }

    private sealed record Errand(Func<CancellationToken, Task> Run, Action<Exception> Fail, CancellationToken Over);
}
