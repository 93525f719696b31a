using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Faults.Controls;

/// <summary>A log that says "appended" to what is accepted while it only lies in memory; a kill takes it.</summary>
internal sealed class EarlyLog(IEventLog log) : IEventLog
{
    private static readonly string Early = EventTypes.NameOf(new Accepted());

    private long _ahead;

    public string Name => log.Name;

    public string Kind => log.Kind;

    public async ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        if (events[0].Type != Early) return await log.AppendAsync(stream, expected, events, cancellationToken);
        var end = await log.EndAsync(cancellationToken);
        return new AppendOutcome.Appended(StreamRevision.First, new LogPosition(end.Value + (ulong)Interlocked.Increment(ref _ahead)));
    }

    public IAsyncEnumerable<RecordedEvent> ReadStreamAsync(StreamId stream, StreamRevision? after, CancellationToken cancellationToken) =>
        log.ReadStreamAsync(stream, after, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<RecordedEvent>> ReadAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        log.ReadAllAsync(after, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        log.SubscribeAllAsync(after, cancellationToken);

    public ValueTask<LogPosition> EndAsync(CancellationToken cancellationToken) => log.EndAsync(cancellationToken);

    public ValueTask<RecordedEvent?> ReadAtAsync(LogPosition position, CancellationToken cancellationToken) => log.ReadAtAsync(position, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
