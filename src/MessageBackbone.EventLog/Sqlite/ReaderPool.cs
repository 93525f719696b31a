using System.Collections.Concurrent;

namespace MessageBackbone.EventLog.Sqlite;

/// <summary>At most <see cref="SqliteEventLogOptions.Readers"/> connections, each lent for one page.</summary>
internal sealed class ReaderPool(SqliteEventLogOptions options) : IAsyncDisposable
{
    private readonly SemaphoreSlim _free = new(options.Readers, options.Readers);
    private readonly ConcurrentBag<EventReader> _idle = [];
    private bool _closed;

    public async ValueTask<T> ReadAsync<T>(Func<EventReader, T> read, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            if (Volatile.Read(ref _closed)) throw AppendQueue.Closed();
            return Read(read);
        }
        catch (SqliteFault fault)
        {
            throw new EventLogUnavailableException($"The event log could not read: {fault.Message}", fault);
        }
        finally
        {
            _free.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _closed, true);
        for (var i = 0; i < options.Readers; i++) await _free.WaitAsync(CancellationToken.None);
        while (_idle.TryTake(out var reader)) reader.Dispose();
        // The places are given back, so that a late caller is told "closed" instead of waiting for ever.
        _free.Release(options.Readers);
    }

    private T Read<T>(Func<EventReader, T> read)
    {
        if (!_idle.TryTake(out var reader)) reader = new(LogFile.OpenForReading(options));
        try
        {
            var result = read(reader);
            _idle.Add(reader);
            return result;
        }
        catch
        {
            // A connection that has failed once is not trusted again.
            reader.Dispose();
            throw;
        }
    }
}
