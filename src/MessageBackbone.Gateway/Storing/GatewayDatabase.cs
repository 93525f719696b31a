using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Gateway.Storing;

/// <summary>
/// The gateway's one SQLite file: WAL, synchronous=FULL, one writer thread, and many callers' work in one transaction, so that one flush serves all of them.
/// </summary>
/// <remarks>
/// When a write's task ends well, the write survives a crash. Work that throws fails only its own caller. Work may run twice (the group is rolled back and
/// each part runs alone), so it must touch nothing but the session. Writes take effect in the order in which they were handed in.
/// </remarks>
internal sealed class GatewayDatabase : IAsyncDisposable
{
    private const int GroupSize = 256;
    private const int QueueLength = 4096;

    private readonly string _connectionString;
    private readonly FileStream _lock;
    private readonly SqliteSession _writer;
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private readonly BlockingCollection<Work> _queue = [];
    private readonly SemaphoreSlim _room = new(QueueLength);
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GatewayDatabase(string folder)
    {
        PrivateFiles.MakeFolder(folder);
        _lock = PrivateFiles.Lock(Path.Combine(folder, "gateway.lock"));
        var path = Path.Combine(folder, "gateway.db");
        PrivateFiles.Touch(path);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        _writer = new SqliteSession(_connectionString);
        foreach (var statement in Schema.Statements) _writer.Execute(statement);
        _thread = new Thread(Run) { IsBackground = true, Name = "gateway-store" };
        _thread.Start();
    }

    /// <summary>Opens or makes the store. Throws <see cref="IOException"/> when another process has it.</summary>
    public static GatewayDatabase Open(string folder) => new(folder);

    /// <summary>Runs the work in a transaction. Cancellation counts only until the work is queued.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken) => await await HandInAsync(work, cancellationToken);

    /// <summary>The same in two steps: ends when the work is queued, and the task that it gives when the work is done. That task has its end before the next
    /// work begins.</summary>
    public async Task<Task<T>> HandInAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        var queued = new Work<T>(work);
        try
        {
            _queue.Add(queued, CancellationToken.None);
        }
        catch (InvalidOperationException closed)
        {
            throw new ObjectDisposedException("The gateway's store is closed.", closed);
        }
        return queued.Done.Task;
    }

    /// <summary>Reads what is committed. Keep it short: an open reader lets the WAL grow.</summary>
    public T Read<T>(Func<SqliteSession, T> query)
    {
        if (!_readers.TryTake(out var session)) session = new SqliteSession(_connectionString);
        try
        {
            return query(session);
        }
        finally
        {
            _readers.Add(session);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_queue.IsAddingCompleted) return;
        _queue.CompleteAdding();
        await _ended.Task;
        foreach (var reader in _readers) reader.Dispose();
        _writer.Dispose();
        await _lock.DisposeAsync();
    }

    private void Run()
    {
        var group = new List<Work>(GroupSize);
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            group.Add(first);
            while (group.Count < GroupSize && _queue.TryTake(out var next)) group.Add(next);
            Commit(group);
            _room.Release(group.Count);
            group.Clear();
        }
        _ended.SetResult();
    }

    private void Commit(List<Work> group)
    {
        try
        {
            CommitTogether(group);
        }
        catch (Exception problem) when (group.Count == 1)
        {
            group[0].Fail(problem);
            return;
        }
        catch (Exception)
        {
            foreach (var one in group) Commit([one]);
            return;
        }
        foreach (var work in group) work.Complete();
    }

    private void CommitTogether(List<Work> group)
    {
        _writer.Execute("BEGIN IMMEDIATE");
        try
        {
            foreach (var work in group) work.Run(_writer);
            _writer.Execute("COMMIT");
        }
        catch (Exception problem)
        {
            RollBack(problem);
            throw;
        }
    }

    private void RollBack(Exception problem)
    {
        try
        {
            _writer.Execute("ROLLBACK");
        }
        catch (SqliteException nothingToRollBack)
        {
            // SQLite ends the transaction by itself on a full disk or an I/O error; the first problem is the one that counts.
            problem.Data["rollback"] = nothingToRollBack.SqliteErrorCode;
        }
    }

    private abstract class Work
    {
        public abstract void Run(SqliteSession session);

        public abstract void Complete();

        public abstract void Fail(Exception problem);
    }

    private sealed class Work<T>(Func<SqliteSession, T> work) : Work
    {
        private T _answer = default!;

        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run(SqliteSession session) => _answer = work(session);

        public override void Complete() => Done.SetResult(_answer);

        public override void Fail(Exception problem) => Done.SetException(problem);
    }
}
