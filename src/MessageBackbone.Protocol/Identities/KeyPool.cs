using System.Collections.Concurrent;

namespace MessageBackbone.Protocol.Identities;

/// <summary>
/// Imported copies of one key. Importing costs as much as using it, and the framework promises nothing about two threads in one key object, so each
/// use has
/// an object of its own and puts it back. At most one idle copy a processor is kept.
/// </summary>
internal sealed class KeyPool<TKey>(Func<TKey> import)
    where TKey : class, IDisposable
{
    private readonly ConcurrentBag<TKey> _idle = [];

    public TResult Use<TState, TResult>(TState state, Func<TKey, TState, TResult> use)
        where TState : allows ref struct
    {
        if (!_idle.TryTake(out var key))
            key = import();
        try
        {
            return use(key, state);
        }
        finally
        {
            if (_idle.Count < Environment.ProcessorCount)
                _idle.Add(key);
            else
                key.Dispose();
        }
    }
}
