using System.Collections.Concurrent;

namespace MessageBackbone.Node.Accepting;

/// <summary>Message ids whose append is decided and not yet answered. Such an id is neither in the log nor surely out of it.</summary>
internal sealed class AppendsUnderWay
{
    private readonly ConcurrentDictionary<string, Task> _ends = new(StringComparer.Ordinal);

    /// <summary>From now until it is disposed an append of this id may be queued.</summary>
    public Underway Begin(string id)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var end = _ends.AddOrUpdate(id, static (_, own) => own, static (_, earlier, own) => Task.WhenAll(earlier, own), mine.Task);
        return new Underway(this, id, mine, end);
    }

    /// <summary>Returns when whatever was under way of this id at the call has its outcome.</summary>
    public Task EndedAsync(string id, CancellationToken cancellationToken) =>
        _ends.TryGetValue(id, out var end) ? end.WaitAsync(cancellationToken) : Task.CompletedTask;

    internal readonly struct Underway(AppendsUnderWay all, string id, TaskCompletionSource mine, Task end) : IDisposable
    {
        public void Dispose()
        {
            mine.TrySetResult();
            // The last of several takes the entry away: only its task stands for all of them.
            var (ends, entry) = (all._ends, KeyValuePair.Create(id, end));
            _ = end.ContinueWith(
                _ => ends.TryRemove(entry), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
