using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Telemetry;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing;

/// <summary>Follows the log and keeps the plan. One transaction a batch: rows and checkpoint together.</summary>
internal sealed class Planner(Plan plan, IEventLog log, TimeProvider clock, ILogger<Planner> logger) : IFollower
{
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the plan holds what the log held at start. Before that nobody may be attended: an older row could still appear.</summary>
    public Task CaughtUp => _caughtUp.Task;

    /// <summary>Set when a bureau was registered: its lanes want to be declared.</summary>
    public Signal BureauRegistered { get; } = new();

    public string Name => "plan";

    /// <inheritdoc/>
    public LogPosition Position => plan.Checkpoint?.Position ?? LogPosition.Start;

    /// <inheritdoc/>
    public string State { get; private set; } = "starting";

    /// <summary>Returns when the plan holds every event up to <paramref name="position"/>, and what the log held at start.</summary>
    public async Task WaitForAsync(LogPosition position, CancellationToken cancellationToken)
    {
        await CaughtUp.WaitAsync(cancellationToken);
        while (true)
        {
            var moved = _moved.Task; // asked first: a move between the look and the wait ends the wait
            if (Position >= position) return;
            await moved.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Runs until cancelled. Throws <see cref="PlanOpenException"/> when the log is not the one that the plan was made from.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FollowAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            State = $"stopped: {fault.Message}";
            _caughtUp.TrySetException(fault);
            throw;
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
        LogPosition? end = null;
        var rebuilt = plan.Checkpoint is null;
        while (true)
        {
            try
            {
                if (end is null) await VerifyAsync(cancellationToken);
                end ??= await log.EndAsync(cancellationToken);
                // Here as well: after a fault between a batch and this step no further batch may ever come.
                await TellCaughtUpAsync(end.Value, rebuilt, cancellationToken);
                await foreach (var batch in log.SubscribeAllAsync(Position, cancellationToken))
                {
                    await ApplyAsync(batch, cancellationToken);
                    backOff.Reset();
                    await TellCaughtUpAsync(end.Value, rebuilt, cancellationToken);
                    // The plan was further, or not as far: from where it is.
                    if (Position != batch[^1].Position) break;
                }
            }
            catch (EventLogUnavailableException fault)
            {
                RoutingLog.LogAway(logger, fault.Message);
                await backOff.WaitAsync(clock, cancellationToken);
            }
            catch (SqliteException fault)
            {
                // A full disk or an I/O error passes. Rows and checkpoint are committed together, so the log tells again what the plan did not take.
                State = $"held up by the plan: {fault.Message}";
                RoutingLog.PlanAway(logger, fault.Message);
                await backOff.WaitAsync(clock, cancellationToken);
            }
        }
    }

    private async Task TellCaughtUpAsync(LogPosition end, bool rebuilt, CancellationToken cancellationToken)
    {
        if (!CaughtUp.IsCompleted && Position >= end)
        {
            // What was open before this plan was made may have been presented under the lost one.
            if (rebuilt) await plan.MarkAllDoubtfulAsync(cancellationToken);
            _caughtUp.TrySetResult();
        }
        State = FollowerState.Running;
    }

    private async Task VerifyAsync(CancellationToken cancellationToken)
    {
        if (plan.Checkpoint is not { } checkpoint) return;
        var found = await log.ReadAtAsync(checkpoint.Position, cancellationToken);
        if (found?.EventId == checkpoint.EventId) return;
        throw new PlanOpenException($"The log is older than this plan: it has no event {checkpoint.EventId} at position {checkpoint.Position}. "
            + "Bring the right log back, or move plan.db away so that the plan is made again.");
    }

    // Such an event names a message whose row may be long gone: what the new one needs is in the message's acceptance.
    private async ValueTask<PlanStep?> ReadAsync(RecordedEvent recorded, CancellationToken cancellationToken)
    {
        if (PlanStepReading.Beginning(recorded) is not { } beginning) return PlanStepReading.Read(recorded);
        await foreach (var acceptance in log.ReadStreamAsync(StreamId.Message(beginning.MessageId), null, cancellationToken))
            return beginning.Step(acceptance);
        throw new EventLogUnavailableException($"The log has no acceptance of message {beginning.MessageId}, which an event names.");
    }

    private async Task ApplyAsync(IReadOnlyList<RecordedEvent> batch, CancellationToken cancellationToken)
    {
        var steps = new List<PlanStep>(batch.Count);
        foreach (var recorded in batch)
            if (await ReadAsync(recorded, cancellationToken) is { } step)
                steps.Add(step);
        var last = batch[^1];
        await plan.ApplyAsync(steps, new PlanCheckpoint(last.Position, last.EventId), cancellationToken);
        var moved = _moved;
        _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        moved.SetResult();
        var arrived = steps.Sum(step => step switch { PlanStep.Arrived each => each.Recipients.Count, PlanStep.Redirected or PlanStep.Reopened => 1, _ => 0 });
        if (arrived > 0) NodeMetrics.Planned(arrived);
        // What ended made room in a lane that had as much at the broker as it may: without a word the rest would wait until something else arrives.
        if (steps.Exists(step => step is PlanStep.Arrived or PlanStep.Ended or PlanStep.KeptApart or PlanStep.Released or PlanStep.Redirected or PlanStep.Reopened))
            plan.Waiting.Set();
        if (steps.Exists(step => step is PlanStep.Registered)) BureauRegistered.Set();
        if (steps.Exists(step => step is PlanStep.Arrived { DeliverBy: not null } or PlanStep.Ended or PlanStep.Redirected or PlanStep.Reopened)) plan.Deadlines.Set();
        if (steps.Exists(step => step is PlanStep.Arrived or PlanStep.Ended { Report: not null })) plan.Reports.Set();
        if (steps.Exists(step => step is PlanStep.Arrived { Recalls: not null } or PlanStep.RecallOrdered or PlanStep.Ended)) plan.Recalls.Set();
        if (steps.Exists(step => step is PlanStep.Closed or PlanStep.Ended or PlanStep.Redirected or PlanStep.Reopened)) plan.Closings.Set();
    }
}
