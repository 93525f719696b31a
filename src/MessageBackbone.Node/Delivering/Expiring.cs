using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Ends deliveries whose <c>deliver_by</c> has passed, attended or not.</summary>
/// <remarks>Works from the plan's deadlines. Nothing is remembered but the log: an end that a crash kept from being recorded is still due afterwards,
/// and one that was recorded leaves the plan.</remarks>
internal sealed class Expiring(
    Plan plan, Planner planner, IEventLog log, EventRecorder recorder, NodeIdentity node, DeliveringOptions options, TimeProvider clock,
    ILogger<Expiring> logger)
{
    private const int Page = 64;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await planner.CaughtUp.WaitAsync(cancellationToken);
        await new PlanWork(planner, plan.Deadlines, options.DeadlinesLookedAtEvery, clock, logger).RunAsync(ExpirePageAsync, NextLook, cancellationToken);
    }

    private async Task<LogPosition?> ExpirePageAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // Side by side: their appends share a flush.
        var ends = await Task.WhenAll(plan.Ask.Overdue(now, Page).Select(row => ExpireAsync(row, now, cancellationToken)));
        return ends.Length == 0 ? null : ends.Max();
    }

    private async Task<LogPosition> ExpireAsync(PlanRow row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (message, bureau) = (row.MessageText, row.Lane.Bureau);
        var stored = await log.ReadAtAsync(row.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {row.Position}, which the plan names.");
        var command = new Expire(Redirection.Including(Accepted.Parser.ParseFrom(stored.Data.Span), bureau), bureau, now, node.Name);
        var outcome = await recorder.DecideAsync(
            StreamId.Delivery(message, bureau), DeliveryProgress.Waiting, DeliveryProgress.Evolve,
            state => DeliveryProgress.Decide(state, command), new Provenance(node.Uri, message), cancellationToken);
        switch (outcome)
        {
            case Recording<DeliveryProgress>.Recorded recorded:
                DeliveringLog.Expired(logger, message, bureau);
                return recorded.At.Position;
            case Recording<DeliveryProgress>.Repeated before:
                // A receipt came first, or another node: the plan has yet to read it.
                return before.Stream[^1].Position;
            default:
                throw new InvalidOperationException($"The plan names a deadline for {message} at {bureau} that its acceptance does not have.");
        }
    }

    private TimeSpan? NextLook() => plan.Ask.NextDeadline() - clock.GetUtcNow();
}
