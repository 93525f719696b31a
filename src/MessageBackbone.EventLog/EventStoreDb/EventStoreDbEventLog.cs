using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using MessageBackbone.EventLog.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>The event log in an EventStoreDB or KurrentDB, one node or a cluster, over its public gRPC protocol (decision 0144).</summary>
/// <remarks>
/// Appends to one stream are written in the order in which they came; those to different streams go beside each other. Closing waits for what is under way
/// and then refuses. The server's settings that matter: <c>MaxAppendSize</c> 16,000,000, a user that may read <c>$all</c>, and no retention on its streams.
/// </remarks>
public sealed class EventStoreDbEventLog : IEventLog
{
    private readonly EventStoreDbOptions _options;
    private readonly FileStream _lock;
    private readonly Bell _bell;
    private readonly LeaderLink _link;
    private readonly ServerReader _reader;
    private readonly SharedPages _pages;
    private readonly StreamNames _names;
    private readonly IdIndex _index;
    private readonly IndexFollowing _following;
    private readonly AppendDesk _desk;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _keeping;
    private Task _endAsked = Task.CompletedTask;
    private int _disposed;

    internal EventStoreDbEventLog(EventStoreDbOptions options, EventStoreDbParts parts, TimeProvider clock, ILogger logger)
    {
        (_options, _lock, _bell, _link, _reader, _names) = (options, parts.Lock, parts.Bell, parts.Link, parts.Reader, parts.Names);
        (_pages, _index, _following, Name) = (parts.Pages, parts.Index, parts.Following, parts.Name);
        _desk = new(_link, _reader, _following, _index, _names, parts.To.Deadline, options.RecentIds);
        _slots = new(options.QueuedAppends, options.QueuedAppends);
        _keeping = new IndexKeeping(_following, _link, _bell, clock, logger).RunAsync(_closing.Token);
        EventLogLog.Opened(logger, Name, parts.To.ToString(), (long)_index.Followed);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Kind => "eventstoredb";

    /// <summary>Connects to the log; gives it its name when the server holds none.</summary>
    /// <exception cref="EventLogOpenException">The connection string, the certificate or the user is wrong; the server is set to something that breaks the
    /// log's promises; or another process uses the folder.</exception>
    /// <exception cref="EventLogUnavailableException">The server cannot be reached, or does not lead and names nobody who does.</exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public static async ValueTask<EventStoreDbEventLog> OpenAsync(
        EventStoreDbOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken = default)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        var parts = await EventStoreDbParts.OpenAsync(options, clock, logger, cancellationToken);
        return new(options, parts, clock, logger);
    }

    /// <inheritdoc/>
    public async ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        AppendLimits.Check(stream, events);
        ThrowIfClosed();
        await _slots.WaitAsync(cancellationToken);
        try
        {
            ThrowIfClosed();
            // A read that was called before must not find what is appended after.
            var outcome = await _desk.AppendAsync(stream, expected, events, Volatile.Read(ref _endAsked), cancellationToken);
            if (outcome is AppendOutcome.Appended) _bell.Ring();
            return outcome;
        }
        catch (SqliteFault fault)
        {
            throw new EventLogUnavailableException($"The index of event ids cannot be read: {fault.Message}", fault);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RecordedEvent> ReadStreamAsync(
        StreamId stream, StreamRevision? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (after is { Value: >= long.MaxValue }) yield break;
        var from = after is { } last ? last.Value + 1 : 0;
        for (var more = true; more;)
        {
            (var page, more) = await _reader.StreamAsync(stream, from, cancellationToken);
            foreach (var answer in page)
            {
                var e = Ours(answer);
                yield return e;
                from = e.Revision.Value + 1;
            }
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<IReadOnlyList<RecordedEvent>> ReadAllAsync(LogPosition after, CancellationToken cancellationToken)
    {
        var end = _reader.EndAsync(cancellationToken);
        Volatile.Write(ref _endAsked, Task.WhenAll(Volatile.Read(ref _endAsked), end));
        return UpToAsync(after, end, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(
        LogPosition after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The server cannot begin after its end.
        var from = await EndAsync(cancellationToken) is var end && end < after ? end : after;
        while (true)
        {
            var ring = _bell.Next;
            for (var more = true; more;)
            {
                (var page, more) = await _pages.AfterAsync(from.Value, cancellationToken);
                if (page.Events.Count == 0) continue;
                from = new(page.Last);
                var batch = Ours(page, after);
                if (batch.Count > 0) yield return batch;
            }

            await ring.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LogPosition> EndAsync(CancellationToken cancellationToken) => await _reader.EndAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<RecordedEvent?> ReadAtAsync(LogPosition position, CancellationToken cancellationToken)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        if (_pages.Find(position.Value) is { } kept) return kept.Event;
        if (position.Value > _index.Followed && position > await EndAsync(cancellationToken)) return null;
        return (await _reader.AtAsync(position.Value, _index.Holds, cancellationToken))?.Event;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        for (var taken = 0; taken < _options.QueuedAppends; taken++) await _slots.WaitAsync();
        await _closing.CancelAsync();
        _link.Dispose();
        _bell.Ring();
        await _keeping;
        _following.Dispose();
        _index.Dispose();
        await _lock.DisposeAsync();
    }

    private async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> UpToAsync(
        LogPosition after, Task<LogPosition> ending, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = await ending.WaitAsync(cancellationToken);
        while (after < end)
        {
            var (page, _) = await _reader.AllAsync(after.Value, _names.Ours, cancellationToken);
            var within = page.Where(answer => answer.CommitPosition <= end.Value).Select(Ours).ToList();
            if (within.Count == 0) yield break;
            yield return within;
            after = within[^1].Position;
        }
    }

    private List<RecordedEvent> Ours(LogPage page, LogPosition after)
    {
        var batch = new List<RecordedEvent>(page.Events.Count);
        foreach (var (answer, stored) in page.Events.Zip(page.Stored))
        {
            if (answer.CommitPosition <= after.Value) continue;
            if (stored is not null) batch.Add(stored.Event);
            else if (StreamNames.Described(answer.Event.StreamIdentifier.StreamName.ToStringUtf8()) is null) throw NotOurs(answer);
        }

        return batch;
    }

    private RecordedEvent Ours(Wire.ReadResp.Types.ReadEvent answer) => StoredEvent.Read(answer, _names)?.Event ?? throw NotOurs(answer);

    private static EventLogUnavailableException NotOurs(Wire.ReadResp.Types.ReadEvent answer) => new(
        $"The event log's stream {answer.Event.StreamIdentifier.StreamName.ToStringUtf8()} holds an event that this log did not write, at revision "
        + $"{answer.Event.StreamRevision}.");

    private void ThrowIfClosed()
    {
        if (Volatile.Read(ref _disposed) != 0) throw LeaderLink.Closed();
    }
}
