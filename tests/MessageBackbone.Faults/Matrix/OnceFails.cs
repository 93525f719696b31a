using MessageBackbone.EventLog;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.Storing;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using Microsoft.Data.Sqlite;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Faults.Matrix;

/// <summary>How a write goes wrong.</summary>
public enum Way
{
    /// <summary>It fails, and nothing of it is there.</summary>
    NotPersisted,

    /// <summary>It is there, and the writer is told that it failed.</summary>
    Persisted,

    /// <summary>Its caller gives up before it is done; nothing of it is there.</summary>
    Cancelled,
}

/// <summary>The first write goes wrong, all others are as ever.</summary>
internal sealed class Strike(Way way)
{
    private readonly TaskCompletionSource _struck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _writes;

    /// <summary>Completes when the write went wrong.</summary>
    public Task Struck => _struck.Task;

    public Way Way => way;

    public bool IsFirst() => Interlocked.Increment(ref _writes) == 1;

    public async Task<T> RunAsync<T>(Func<Task<T>> write, Func<Exception> fault)
    {
        if (!IsFirst()) return await write();
        if (way == Way.Persisted) await write();
        _struck.TrySetResult();
        throw way == Way.Cancelled ? new OperationCanceledException("The caller gave up.") : fault();
    }

    public void Strikes() => _struck.TrySetResult();
}

/// <summary>A log whose first append of one type goes wrong.</summary>
internal class StruckLog(IEventLog log, string type, Strike strike) : IEventLog
{
    public string Name => log.Name;

    public string Kind => log.Kind;

    public async ValueTask<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, CancellationToken cancellationToken) =>
        events.Any(one => one.Type == type)
            ? await strike.RunAsync(
                () => log.AppendAsync(stream, expected, events, CancellationToken.None).AsTask(), () => new EventLogUnavailableException("The disk gives an error."))
            : await log.AppendAsync(stream, expected, events, cancellationToken);

    public IAsyncEnumerable<RecordedEvent> ReadStreamAsync(StreamId stream, StreamRevision? after, CancellationToken cancellationToken) =>
        log.ReadStreamAsync(stream, after, cancellationToken);

    public IAsyncEnumerable<IReadOnlyList<RecordedEvent>> ReadAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        log.ReadAllAsync(after, cancellationToken);

    public virtual IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(LogPosition after, CancellationToken cancellationToken) =>
        log.SubscribeAllAsync(after, cancellationToken);

    public ValueTask<LogPosition> EndAsync(CancellationToken cancellationToken) => log.EndAsync(cancellationToken);

    public ValueTask<RecordedEvent?> ReadAtAsync(LogPosition position, CancellationToken cancellationToken) => log.ReadAtAsync(position, cancellationToken);

    public ValueTask DisposeAsync() => log.DisposeAsync();
}

/// <summary>
/// A log that, before it tells its followers of the first acceptance, does with the plan what the way says: another hand commits it there, or the followers are held
/// until they are stopped.
/// </summary>
internal sealed class LogBeforePlan(IEventLog log, string planFile, string type, Strike strike) : StruckLog(log, "", strike)
{
    private readonly Strike _strike = strike;

    public override async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(
        LogPosition after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in base.SubscribeAllAsync(after, cancellationToken))
        {
            if (batch.Any(recorded => recorded.Type == type))
            {
                if (_strike.Way == Way.Cancelled)
                {
                    _strike.Strikes();
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                }
                else if (_strike.IsFirst())
                {
                    await CommitAsync();
                    _strike.Strikes();
                }
            }
            yield return batch;
        }
    }

    private async Task CommitAsync()
    {
        await using var plan = Plan.Open(planFile);
        await foreach (var batch in ReadAllAsync(plan.Checkpoint?.Position ?? LogPosition.Start, CancellationToken.None))
            await plan.ApplyAsync(
                [.. batch.Select(PlanStepReading.Read).OfType<PlanStep>()], new PlanCheckpoint(batch[^1].Position, batch[^1].EventId), CancellationToken.None);
    }
}

/// <summary>A transport whose first send goes wrong.</summary>
internal sealed class StruckLanes(ILaneTransport lanes, Strike strike) : ILaneTransport
{
    public string Name => lanes.Name;

    public string State => lanes.State;

    public TransportCondition Condition => lanes.Condition;

    public int PublishAhead => lanes.PublishAhead;

    public Task StartAsync(CancellationToken cancellationToken) => lanes.StartAsync(cancellationToken);

    public Task UpAsync(CancellationToken cancellationToken) => lanes.UpAsync(cancellationToken);

    public bool Takes(LaneKey lane) => lanes.Takes(lane);

    public object? Incarnation(LaneKey lane) => lanes.Incarnation(lane);

    public Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken) => strike.RunAsync(async () =>
    {
        await lanes.PublishAsync(row, traceParent, cancellationToken);
        return true;
    }, () => new IOException("The connection broke."));

    public void Doubt(LaneKey lane) => lanes.Doubt(lane);

    public void DeclareNew() => lanes.DeclareNew();

    public int InHand(LaneKey lane) => lanes.InHand(lane);

    public Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(IReadOnlyCollection<LaneKey> wanted, CancellationToken cancellationToken) =>
        lanes.LookAsync(wanted, cancellationToken);

    public Task<LaneRebuild> RebuildAsync(LaneKey lane, CancellationToken cancellationToken) => lanes.RebuildAsync(lane, cancellationToken);

    public ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take) => lanes.Attach(lane, take);

    public ValueTask DisposeAsync() => lanes.DisposeAsync();
}

/// <summary>An inbox whose first keeping goes wrong.</summary>
internal sealed class StruckInbox(GatewayDatabase database, Strike strike) : InboxStore(database)
{
    public override Task<Task<Kept>> HandInAsync(
        Arrival arrival, byte[] receipt, Instead instead, ReceivedOrder? order, Func<bool> isTurn, CancellationToken cancellationToken) =>
        Task.FromResult(strike.RunAsync(
            async () => await await base.HandInAsync(arrival, receipt, instead, order, isTurn, cancellationToken),
            () => new SqliteException("The disk is full.", SQLitePCL.raw.SQLITE_FULL)));
}
