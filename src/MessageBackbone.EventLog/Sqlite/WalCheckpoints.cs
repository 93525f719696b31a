using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.Sqlite;

/// <summary>Moves the write-ahead log into the database without holding up appends: the bulk on a connection and a pool thread of its own while the
/// writer goes on, the small rest on the writer's thread between two groups, after which the WAL starts again from its beginning.</summary>
/// <remarks>SQLite's automatic checkpoint would do all of it inside a COMMIT: callers waited up to half a second (decision 0021).</remarks>
internal sealed class WalCheckpoints(SqliteEventLogOptions options, ILogger logger)
{
    // A WAL this many times over its mark no longer waits for a moment without readers: it makes one.
    private const int PatienceFactor = 4;
    private Task _bulk = Task.CompletedTask;
    private bool _bulkPending;
    private int _mark = options.CheckpointPages;

    /// <summary>Called by the writer between groups, never inside a transaction.</summary>
    public void BetweenGroups(SqliteSession session)
    {
        if (_bulkPending && !_bulk.IsCompleted) return;
        if (_bulkPending)
        {
            _bulkPending = false;
            Rest(session);
        }
        else if (session.PagesWritten >= _mark)
        {
            _bulkPending = true;
            _bulk = Task.Run(Bulk);
        }
    }

    /// <summary>Waits for what runs beside the writer.</summary>
    public Task StopAsync() => _bulk;

    private void Bulk()
    {
        try
        {
            using var session = SqliteSession.Open(options.DatabaseFile, readOnly: false);
            session.Execute("PRAGMA synchronous = FULL");
            session.Checkpoint(mayWait: false);
        }
        catch (SqliteFault fault)
        {
            // Nothing is lost: the events are in the WAL, and the next mark tries again.
            EventLogLog.CheckpointFailed(logger, fault);
        }
    }

    private void Rest(SqliteSession session)
    {
        try
        {
            var inWal = session.Checkpoint(mayWait: session.PagesWritten > (long)options.CheckpointPages * PatienceFactor);
            if (inWal.Moved == inWal.Total) session.ForgetPagesWritten();
            else EventLogLog.CheckpointIncomplete(logger, inWal.Total, inWal.Moved);
        }
        catch (SqliteFault fault)
        {
            EventLogLog.CheckpointFailed(logger, fault);
        }

        _mark = session.PagesWritten + options.CheckpointPages;
    }
}
