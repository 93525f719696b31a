using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace MessageBackbone.Protocol.Identities;

/// <summary>
/// Keeps between capacity/2 and capacity of the entries used last. Two generations: when the young one is full, it becomes the old one and the old
/// one
/// is forgotten, so a flood of strange keys costs hits, never memory. Safe for concurrent use.
/// </summary>
internal sealed class BoundedCache<TKey, TValue>(int capacity)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _turning = new();
    private volatile ConcurrentDictionary<TKey, TValue> _young = new();
    private volatile ConcurrentDictionary<TKey, TValue> _old = new();
    private int _count;

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (_young.TryGetValue(key, out value))
            return true;
        if (!_old.TryGetValue(key, out value))
            return false;
        Add(key, value);
        return true;
    }

    public void Add(TKey key, TValue value)
    {
        if (!_young.TryAdd(key, value) || Interlocked.Increment(ref _count) <= capacity / 2)
            return;
        lock (_turning)
        {
            if (_count <= capacity / 2)
                return;
            _old = _young;
            _young = new();
            _count = 0;
        }
    }
}
