using System.Diagnostics;
using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Recording;

/// <summary>Why an event is recorded; goes into its metadata.</summary>
/// <param name="Actor">SAN URI of the caller, or the node's own for what the node decided.</param>
/// <param name="Correlation">What belongs together: the message id or the act id.</param>
/// <param name="Causation">What led to it: the id of a message, act or event.</param>
public sealed record Provenance(string Actor, string Correlation, string Causation = "");

/// <summary>What came of a decision. A closed set.</summary>
public abstract record Recording<TState>
{
    private Recording() { }

    /// <summary>The facts are on disk.</summary>
    /// <param name="State">After them.</param>
    public sealed record Recorded(TState State, AppendOutcome.Appended At, IReadOnlyList<NewEvent> Events) : Recording<TState>;

    /// <summary>It was recorded before: the stream holds the facts.</summary>
    public sealed record Repeated(TState State, IReadOnlyList<RecordedEvent> Stream) : Recording<TState>;

    public sealed record Refused(Rejection Rejection) : Recording<TState>;
}

/// <summary>Makes events out of facts and appends them; on a conflict the stream is read again and the command decided again.</summary>
public sealed class EventRecorder(IEventLog log, TimeProvider clock)
{
    private const int MostRounds = 32;

    /// <summary>An event with its metadata, not yet appended. Its id is new.</summary>
    public NewEvent Prepare(IMessage fact, Provenance why)
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var metadata = new EventMetadata
        {
            EventId = UnsafeByteOperations.UnsafeWrap(id.ToByteArray(bigEndian: true)),
            Correlation = why.Correlation,
            Causation = why.Causation,
            Actor = why.Actor,
            Traceparent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id ?? "" : "",
        };
        return new NewEvent(id, EventTypes.NameOf(fact), fact.ToByteArray(), metadata.ToByteArray(), now);
    }

    /// <summary>As <see cref="IEventLog.AppendAsync"/>, and measured.</summary>
    public async ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        var outcome = await log.AppendAsync(stream, expected, events, cancellationToken);
        NodeMetrics.AppendTook(clock.GetElapsedTime(began));
        return outcome;
    }

    /// <summary>Folds the stream, decides, and appends at the revision that was folded.</summary>
    /// <exception cref="EventLogUnavailableException">The store cannot serve, or others were faster every time.</exception>
    public async Task<Recording<TState>> DecideAsync<TState>(
        StreamId stream,
        TState empty,
        Func<TState, IMessage, TState> evolve,
        Func<TState, Decision> decide,
        Provenance why,
        CancellationToken cancellationToken)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var (state, events) = await FoldAsync(stream, empty, evolve, cancellationToken);
            switch (decide(state))
            {
                case Decision.Reject rejected:
                    return new Recording<TState>.Refused(rejected.Rejection);
                case Decision.Record record:
                    NewEvent[] made = [.. record.Events.Select(fact => Prepare(fact, why))];
                    var expected = events.Count == 0 ? ExpectedRevision.NoStream : ExpectedRevision.At(events[^1].Revision);
                    if (await AppendAsync(stream, expected, made, cancellationToken) is AppendOutcome.Appended at)
                    {
                        return new Recording<TState>.Recorded(record.Events.Aggregate(state, evolve), at, made);
                    }

                    continue;
                default:
                    return new Recording<TState>.Repeated(state, events);
            }
        }

        throw new EventLogUnavailableException($"Stream {stream} was changed by others {MostRounds} times while one decision was made.");
    }

    /// <summary>How the stream stands now, for who only wants to tell what would be decided.</summary>
    public async Task<TState> StateAsync<TState>(
        StreamId stream, TState empty, Func<TState, IMessage, TState> evolve, CancellationToken cancellationToken) =>
        (await FoldAsync(stream, empty, evolve, cancellationToken)).State;

    private async Task<(TState State, List<RecordedEvent> Events)> FoldAsync<TState>(
        StreamId stream, TState empty, Func<TState, IMessage, TState> evolve, CancellationToken cancellationToken)
    {
        var events = new List<RecordedEvent>();
        await foreach (var recorded in log.ReadStreamAsync(stream, null, cancellationToken))
        {
            events.Add(recorded);
        }

        return (events.Aggregate(empty, (state, recorded) => evolve(state, EventTypes.Parse(recorded.Type, recorded.Data))), events);
    }
}
