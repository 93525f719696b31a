using MessageBackbone.EventLog;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Faults.Controls;

/// <summary>A log that passes everything on: for those who change one thing of it.</summary>
internal abstract class PassingLog(IEventLog log) : IEventLog
{
    public string Name => log.Name;

    public string Kind => log.Kind;

    public virtual ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken) =>
        log.AppendAsync(stream, expected, events, cancellationToken);

    public virtual IAsyncEnumerable<RecordedEvent> ReadStreamAsync(StreamId stream, StreamRevision? after, CancellationToken cancellationToken) =>
        log.ReadStreamAsync(stream, after, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<RecordedEvent>> ReadAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        log.ReadAllAsync(after, cancellationToken);

    public virtual IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        log.SubscribeAllAsync(after, cancellationToken);

    public ValueTask<LogPosition> EndAsync(CancellationToken cancellationToken) => log.EndAsync(cancellationToken);

    public ValueTask<RecordedEvent?> ReadAtAsync(LogPosition position, CancellationToken cancellationToken) => log.ReadAtAsync(position, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
