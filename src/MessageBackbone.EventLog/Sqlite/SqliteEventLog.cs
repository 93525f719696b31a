using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.Sqlite;

/// <summary>The embedded event log: one SQLite file (WAL, flushed at every commit), one process, one writer, appends grouped by flush.</summary>
/// <remarks>The order of appends is the order in which they were queued. Closing writes what is queued and then refuses.</remarks>
public sealed class SqliteEventLog : IEventLog
{
    private readonly SqliteEventLogOptions _options;
    private readonly FileStream _lock;
    private readonly CommittedEnd _end = new();
    private readonly GroupWriter _writer;
    private readonly ReaderPool _readers;
    private int _disposed;

    private SqliteEventLog(SqliteEventLogOptions options, FileStream lockFile, SqliteSession session, string name, ILogger logger)
    {
        (_options, _lock) = (options, lockFile);
        Name = name;
        _readers = new(options);
        _writer = new(options, session, name, _end, logger);
        EventLogLog.Opened(logger, Name, options.DatabaseFile, _end.Position);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Kind => "sqlite";

    /// <summary>Whether the folder holds a log already.</summary>
    public static bool IsIn(SqliteEventLogOptions options) => File.Exists(options.DatabaseFile);

    /// <summary>Opens the log in <see cref="SqliteEventLogOptions.Folder"/>; makes it when the folder has none.</summary>
    /// <exception cref="EventLogOpenException">Another process has it open, a newer version wrote it, or it is no event log.</exception>
    /// <exception cref="EventLogUnavailableException">The disk is full or gives errors.</exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public static ValueTask<SqliteEventLog> OpenAsync(SqliteEventLogOptions options, TimeProvider clock, ILogger logger)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        var lockFile = LogFile.Lock(options.Folder, options.LockFile);
        try
        {
            var (session, name) = LogFile.OpenOrCreate(options, clock.GetUtcNow());
            return ValueTask.FromResult(new SqliteEventLog(options, lockFile, session, name, logger));
        }
        catch (SqliteFault fault)
        {
            lockFile.Dispose();
            throw new EventLogUnavailableException($"The event log {options.DatabaseFile} could not be opened: {fault.Message}", fault);
        }
        catch
        {
            lockFile.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        var bytes = AppendLimits.Check(stream, events);
        return await _writer.AppendAsync(new(stream, expected, events, bytes), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RecordedEvent> ReadStreamAsync(
        StreamId stream, StreamRevision? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (after is { Value: >= long.MaxValue }) yield break;
        var from = after is { } last ? last.Value + 1 : 0;
        while (true)
        {
            var start = from;
            var page = await _readers.ReadAsync(r => r.Stream(stream, start, _options.BatchEvents, _options.BatchBytes), cancellationToken);
            if (page.Count == 0) yield break;
            foreach (var e in page) yield return e;
            from = page[^1].Revision.Value + 1;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<IReadOnlyList<RecordedEvent>> ReadAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        PagesAsync(after, _end.Position, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(
        LogPosition after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var end = await _end.BeyondAsync(after, cancellationToken);
            await foreach (var page in PagesAsync(after, end, cancellationToken)) yield return page;
            after = new((ulong)end);
        }
    }

    /// <inheritdoc/>
    public ValueTask<LogPosition> EndAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfClosed();
        return new(new LogPosition((ulong)_end.Position));
    }

    /// <inheritdoc/>
    public ValueTask<RecordedEvent?> ReadAtAsync(LogPosition position, CancellationToken cancellationToken) =>
        position.Value > (ulong)_end.Position ? new(default(RecordedEvent)) : _readers.ReadAsync(r => r.At((long)position.Value), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _writer.DisposeAsync();
        await _readers.DisposeAsync();
        await _lock.DisposeAsync();
    }

    private async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> PagesAsync(
        LogPosition after, long end, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        while (after.Value < (ulong)end)
        {
            var start = (long)after.Value;
            var page = await _readers.ReadAsync(r => r.All(start, end, _options.BatchEvents, _options.BatchBytes), cancellationToken);
            if (page.Count == 0) yield break;
            yield return page;
            after = page[^1].Position;
        }
    }

    private void ThrowIfClosed()
    {
        if (Volatile.Read(ref _disposed) != 0) throw AppendQueue.Closed();
    }
}
