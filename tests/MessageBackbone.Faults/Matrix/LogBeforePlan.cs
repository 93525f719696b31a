using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Faults.Controls;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Faults.Matrix;

/// <summary>The log as the planner reads it: with the first acceptance it does what the way says to the plan's write of it.</summary>
internal sealed class LogBeforePlan(IEventLog log, string planFile, Strike strike) : PassingLog(log)
{
    private static readonly string Type = EventTypes.NameOf(new Accepted());

    /// <summary>Puts it before the planner, and before nobody else.</summary>
    public static void Add(IServiceCollection services, Strike strike) => services.AddSingleton(rooms => new Planner(
        rooms.GetRequiredService<Plan>(),
        new LogBeforePlan(rooms.GetRequiredService<IEventLog>(), rooms.GetRequiredService<RoutingOptions>().PlanFile, strike),
        rooms.GetRequiredService<TimeProvider>(), rooms.GetRequiredService<ILogger<Planner>>()));

    public override IAsyncEnumerable<IReadOnlyList<RecordedEvent>> SubscribeAllAsync(LogPosition after, CancellationToken cancellationToken)
    {
        var batches = base.SubscribeAllAsync(after, cancellationToken);
        return strike.Way == Way.CancelledQueued ? new Handing(this, batches.GetAsyncEnumerator(cancellationToken), cancellationToken) : PassAsync(batches, cancellationToken);
    }

    private async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> PassAsync(
        IAsyncEnumerable<IReadOnlyList<RecordedEvent>> batches, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken planner)
    {
        await foreach (var batch in batches)
        {
            if (IsStruck(batch))
            {
                if (strike.Way == Way.Persisted) await CommitAsync();
                strike.Strikes();
                // The planner then hands the batch to the plan with this token.
                if (strike.Way == Way.CancelledBefore) await Strike.CancelledAsync(planner);
            }
            yield return batch;
        }
    }

    private bool IsStruck(IReadOnlyList<RecordedEvent> batch) => batch.Any(recorded => recorded.Type == Type) && strike.IsFirst();

    private async Task CommitAsync()
    {
        await using var plan = Plan.Open(planFile);
        await foreach (var batch in ReadAllAsync(plan.Checkpoint?.Position ?? LogPosition.Start, CancellationToken.None))
            await plan.ApplyAsync(
                [.. batch.Select(PlanStepReading.Read).OfType<PlanStep>()], new PlanCheckpoint(batch[^1].Position, batch[^1].EventId), CancellationToken.None);
    }

    // Another hand has the plan's lock until the planner's token is cancelled: so the plan's writer has the batch and cannot commit it.
    private async Task LockAsync(CancellationToken planner)
    {
        var other = new SqliteConnection($"Data Source={planFile};Pooling=False;Default Timeout=30");
        await other.OpenAsync(CancellationToken.None);
        Execute(other, "begin immediate");
        planner.Register(() =>
        {
            using (other) Execute(other, "rollback");
        });
    }

    private static void Execute(SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
#pragma warning disable CA2100 // this file's own texts
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Gives each batch in a call of its own, in which the planner runs on: when that call has returned, it waits for the plan's commit.</summary>
    private sealed class Handing(LogBeforePlan log, IAsyncEnumerator<IReadOnlyList<RecordedEvent>> batches, CancellationToken planner)
        : IAsyncEnumerable<IReadOnlyList<RecordedEvent>>, IAsyncEnumerator<IReadOnlyList<RecordedEvent>>
    {
        public IReadOnlyList<RecordedEvent> Current => batches.Current;

        public IAsyncEnumerator<IReadOnlyList<RecordedEvent>> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

        public ValueTask<bool> MoveNextAsync()
        {
            // Without RunContinuationsAsynchronously: the planner goes on inside SetResult.
            var next = new TaskCompletionSource<bool>();
            _ = HandAsync(next);
            return new ValueTask<bool>(next.Task);
        }

        public ValueTask DisposeAsync() => batches.DisposeAsync();

        private async Task HandAsync(TaskCompletionSource<bool> next)
        {
            try
            {
                var more = await batches.MoveNextAsync();
                var struck = more && log.IsStruck(Current);
                if (struck) await log.LockAsync(planner);
                next.SetResult(more);
                if (struck) log.Struck();
            }
            catch (Exception ended)
            {
                next.TrySetException(ended);
            }
        }
    }

    private void Struck() => strike.Strikes();
}
