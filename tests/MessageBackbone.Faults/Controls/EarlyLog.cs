using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Faults.Controls;

/// <summary>A log that says "appended" to what is accepted before it begins to write it.</summary>
internal sealed class EarlyLog(IEventLog log, HeldWrites held) : PassingLog(log)
{
    private static readonly string Early = EventTypes.NameOf(new Accepted());

    private long _ahead;

    public override async ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        if (events[0].Type != Early) return await base.AppendAsync(stream, expected, events, cancellationToken);
        held.Hold(async () =>
        {
            if (await base.AppendAsync(stream, expected, events, CancellationToken.None) is not AppendOutcome.Appended)
                throw new InvalidOperationException($"{stream} is not where it was when the answer was given.");
        });
        var end = await EndAsync(cancellationToken);
        return new AppendOutcome.Appended(StreamRevision.First, new LogPosition(end.Value + (ulong)Interlocked.Increment(ref _ahead)));
    }
}

/// <summary>A log in which accepting finds no message that is there already, and that appends an acceptance wherever its stream ends.</summary>
internal sealed class ForgetfulLog(IEventLog log) : PassingLog(log)
{
    private static readonly string Repeated = EventTypes.NameOf(new Accepted());

    // Of a message's stream: nobody else asks for one in the scene.
    public override IAsyncEnumerable<EventLog.RecordedEvent> ReadStreamAsync(StreamId stream, StreamRevision? after, CancellationToken cancellationToken) =>
        stream.Value.StartsWith("message-", StringComparison.Ordinal)
            ? AsyncEnumerable.Empty<EventLog.RecordedEvent>()
            : base.ReadStreamAsync(stream, after, cancellationToken);

    public override ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken) =>
        base.AppendAsync(stream, events[0].Type == Repeated ? ExpectedRevision.Any : expected, events, cancellationToken);
}
