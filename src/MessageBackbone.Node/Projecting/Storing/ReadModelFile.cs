using System.Collections.Concurrent;

namespace MessageBackbone.Node.Projecting.Storing;

/// <summary>The database of one read model: one writer, which is its follower, and a few readers, each for the time of one query.</summary>
internal sealed class ReadModelFile(string path) : IDisposable
{
    private const int Readers = 4;
    private readonly SemaphoreSlim _permits = new(Readers, Readers);
    private readonly ConcurrentBag<ReadModelSession> _idle = [];
    private volatile bool _damaged;

    /// <summary>A query met damage, which its follower may never meet: until the file is replaced, what it answers is no truth.</summary>
    public bool IsDamaged => _damaged;

    public string Path { get; } = path;

    /// <summary>Opens the connection that writes; the file comes into being, readable by this user only.</summary>
    public ReadModelSession OpenWriter()
    {
        CreatePrivate();
        var session = ReadModelSession.Open(Path, readOnly: false);
        try
        {
            // NORMAL: a power cut can take back the last commits, rows and checkpoint together, and the follower then reads them from the log again.
            session.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;");
            session.Execute("PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Runs one query. It must end with every statement reset, and never waits inside.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<ReadModelSession, T> query, CancellationToken cancellationToken)
    {
        await _permits.WaitAsync(cancellationToken);
        return Query(query);
    }

    /// <summary>As <see cref="ReadAsync"/>, where several statements are to see one state of the rows.</summary>
    public ValueTask<T> ReadTogetherAsync<T>(Func<ReadModelSession, T> query, CancellationToken cancellationToken) => ReadAsync(
        session =>
        {
            session.Execute("BEGIN");
            try
            {
                return query(session);
            }
            finally
            {
                session.Execute("COMMIT");
            }
        },
        cancellationToken);

    /// <summary>As <see cref="ReadAsync"/>, for a caller that cannot await: a gauge.</summary>
    public T Read<T>(Func<ReadModelSession, T> query)
    {
        _permits.Wait();
        return Query(query);
    }

    /// <summary>Throws the file away, damaged or not, once no query runs. The writer must be closed. Queries go on when <paramref name="renew"/> has made
    /// the new one.</summary>
    public async Task ReplaceAsync(Action renew, CancellationToken cancellationToken)
    {
        var taken = 0;
        try
        {
            for (; taken < Readers; taken++) await _permits.WaitAsync(cancellationToken);
            CloseIdle();
            foreach (var suffix in (string[])["", "-wal", "-shm"]) File.Delete(Path + suffix);
            _damaged = false;
            renew();
        }
        finally
        {
            if (taken > 0) _permits.Release(taken);
        }
    }

    public void Dispose()
    {
        CloseIdle();
        _permits.Dispose();
    }

    private T Query<T>(Func<ReadModelSession, T> query)
    {
        ReadModelSession? session = null;
        try
        {
            session = _idle.TryTake(out var idle) ? idle : ReadModelSession.Open(Path, readOnly: true);
            var answer = query(session);
            _idle.Add(session);
            session = null;
            return answer;
        }
        catch (ReadModelFault fault) when (fault.IsDamage)
        {
            _damaged = true;
            throw;
        }
        finally
        {
            // Only a session whose query failed is still here: its state is unknown.
            session?.Dispose();
            _permits.Release();
        }
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out var session)) session.Dispose();
    }

    // SQLite gives the WAL and the shared-memory file the mode of the database.
    private void CreatePrivate()
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(Path, options).Dispose();
    }
}
