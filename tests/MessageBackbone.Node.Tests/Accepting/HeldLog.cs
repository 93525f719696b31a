using MessageBackbone.EventLog;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Tests.Accepting;

/// <summary>A log whose appends stand in the queue until the test lets them go, as behind a flush that hangs.</summary>
/// <param name="which">Null: all of them.</param>
internal sealed class HeldLog(IEventLog log, Func<NewEvent, bool>? which = null) : IEventLog
{
    private readonly TaskCompletionSource _queued = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the first append.</summary>
    public Task Queued => _queued.Task;

    public string Name => log.Name;

    public string Kind => "held";

    public void Release() => _released.TrySetResult();

    public async ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        if (which?.Invoke(events[0]) ?? true)
        {
            _queued.TrySetResult();
            await _released.Task;
        }

        return await log.AppendAsync(stream, expected, events, CancellationToken.None);
    }

    public IAsyncEnumerable<RecordedEvent> ReadStreamAsync(StreamId stream, StreamRevision? after, CancellationToken cancellationToken) =>
        log.ReadStreamAsync(stream, after, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<RecordedEvent>> ReadAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        log.ReadAllAsync(after, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        log.SubscribeAllAsync(after, cancellationToken);

    public ValueTask<LogPosition> EndAsync(CancellationToken cancellationToken) => log.EndAsync(cancellationToken);

    public ValueTask<RecordedEvent?> ReadAtAsync(LogPosition position, CancellationToken cancellationToken) => log.ReadAtAsync(position, cancellationToken);

    // The house's own: it closes it.
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
