namespace MessageBackbone.EventLog.Tests.Contract;

/// <summary>One store, empty at the start of each test. An adapter says how it is opened; opening again after closing finds what was there.</summary>
public abstract class EventLogScenario : IAsyncLifetime
{
    private IEventLog? _log;

    protected IEventLog Log => _log ?? throw new InvalidOperationException("The log is not open.");

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Opens this test's store.</summary>
    protected abstract ValueTask<IEventLog> OpenAsync();

    /// <summary>Removes this test's store after it was closed.</summary>
    protected abstract ValueTask RemoveAsync();

    public async ValueTask InitializeAsync() => _log = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await RemoveAsync();
        GC.SuppressFinalize(this);
    }

    protected async ValueTask CloseAsync()
    {
        if (_log is { } log) await log.DisposeAsync();
        _log = null;
    }

    protected async ValueTask ReopenAsync()
    {
        await CloseAsync();
        _log = await OpenAsync();
    }

    protected Task<AppendOutcome> Append(StreamId stream, ExpectedRevision expected, params IReadOnlyList<NewEvent> events) =>
        Log.AppendAsync(stream, expected, events, Cancel).AsTask();

    protected async Task<AppendOutcome.Appended> MustAppend(StreamId stream, ExpectedRevision expected, params IReadOnlyList<NewEvent> events) =>
        Assert.IsType<AppendOutcome.Appended>(await Append(stream, expected, events));

    protected async Task MustConflict(StreamRevision? actual, StreamId stream, ExpectedRevision expected, params IReadOnlyList<NewEvent> events)
    {
        var before = await All();
        Assert.Equal(new AppendOutcome.Conflict(actual), await Append(stream, expected, events));
        Assert.Equal(before.Select(e => e.EventId), (await All()).Select(e => e.EventId));
    }

    protected async Task<List<RecordedEvent>> Stream(StreamId stream, StreamRevision? after = null)
    {
        var events = new List<RecordedEvent>();
        await foreach (var e in Log.ReadStreamAsync(stream, after, Cancel)) events.Add(e);
        return events;
    }

    protected async Task<List<RecordedEvent>> All(LogPosition after = default)
    {
        var events = new List<RecordedEvent>();
        await foreach (var batch in Log.ReadAllAsync(after, Cancel))
        {
            Assert.NotEmpty(batch);
            events.AddRange(batch);
        }

        return events;
    }
}
