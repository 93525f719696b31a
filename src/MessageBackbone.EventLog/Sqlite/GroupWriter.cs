using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.Sqlite;

/// <summary>The one writer: takes what is queued, writes it in one transaction, and answers after its flush. Has a thread of its own, because a
/// flush blocks and the pool's threads are needed for those who wait for it.</summary>
internal sealed class GroupWriter : IAsyncDisposable
{
    private readonly SqliteEventLogOptions _options;
    private readonly CommittedEnd _end;
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly AppendQueue _queue;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WalCheckpoints _checkpoints;
    private AppendTransaction? _transaction;

    public GroupWriter(SqliteEventLogOptions options, SqliteSession session, string name, CommittedEnd end, ILogger logger)
    {
        (_options, _name, _end, _logger) = (options, name, end, logger);
        _queue = new(options);
        _checkpoints = new(options, logger);
        _transaction = new(session);
        _end.Move(_transaction.End);
        new Thread(Run) { IsBackground = true, Name = "event log writer" }.Start();
    }

    public async ValueTask<AppendOutcome> AppendAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        await _queue.EnqueueAsync(append, cancellationToken);
        return await append.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Dispose();
        await _ended.Task;
        await _checkpoints.StopAsync();
    }

    private void Run()
    {
        var group = new List<PendingAppend>(_options.GroupAppends);
        while (_queue.Take(group))
        {
            if (Write(group) is { } fault) Fail(group, fault);
            else Answer(group);
            group.Clear();
            if (_transaction is { } open) _checkpoints.BetweenGroups(open.Session);
        }

        _end.Close(AppendQueue.Closed());
        _transaction?.Dispose();
        _ended.SetResult();
    }

    private Exception? Write(List<PendingAppend> group)
    {
        try
        {
            _transaction ??= Reopen();
            _transaction.Begin();
            var position = _end.Position;
            foreach (var append in group)
            {
                append.Decided = _transaction.Append(append);
                if (append.Decided is AppendOutcome.Appended appended) position = Math.Max(position, (long)appended.Position.Value);
            }

            _options.FaultPoints.BeforeCommit();
            _transaction.Commit();
            _options.FaultPoints.AfterCommit();
            if (position > _end.Position) _end.Move(position);
            return null;
        }
        catch (Exception fault)
        {
            // Whatever it was, it must not end the writer: this group gets it, and the next one starts with a new connection.
            EventLogLog.GroupFailed(_logger, fault, group.Count);
            Abandon();
            return fault;
        }
    }

    private AppendTransaction Reopen()
    {
        var transaction = new AppendTransaction(LogFile.Reopen(_options, _name));
        // A commit whose answer was lost may be there after all: subscribers must see it as well.
        _end.Move(transaction.End);
        EventLogLog.Recovered(_logger, _end.Position);
        return transaction;
    }

    private void Abandon()
    {
        try
        {
            _transaction?.RollBack();
        }
        catch (SqliteFault fault)
        {
            EventLogLog.RollbackFailed(_logger, fault);
        }

        _transaction?.Dispose();
        _transaction = null;
    }

    private static void Answer(List<PendingAppend> group)
    {
        foreach (var append in group) append.SetResult(append.Decided!);
    }

    private static void Fail(List<PendingAppend> group, Exception fault)
    {
        foreach (var append in group)
            append.SetException(new EventLogUnavailableException($"The event log could not write: {fault.Message}", fault));
    }
}
