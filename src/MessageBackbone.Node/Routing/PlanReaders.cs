using System.Collections.Concurrent;

namespace MessageBackbone.Node.Routing;

/// <summary>A few read-only connections, lent for one short read at a time: an open reader would let the write-ahead log grow.</summary>
internal sealed class PlanReaders(string file) : IDisposable
{
    private readonly ConcurrentBag<PlanSession> _idle = [];

    public T Read<T>(Func<PlanSession, T> read)
    {
        if (!_idle.TryTake(out var session)) session = PlanSession.Open(file, readOnly: true);
        try
        {
            return read(session);
        }
        finally
        {
            _idle.Add(session);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var session)) session.Dispose();
    }
}
