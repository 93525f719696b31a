using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Ends deliveries whose time has passed, attended or not.</summary>
/// <remarks>Works from the plan's deadlines. Nothing is remembered but the log: an end that a crash kept from being recorded is still due afterwards,
/// and one that was recorded leaves the plan.</remarks>
internal sealed class Expiring(
    Plan plan, Planner planner, DeliveryEnding ending, NodeIdentity node, DeliveringOptions options, TimeProvider clock, ILogger<Expiring> logger)
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
        var bureau = row.Lane.Bureau;
        var (at, recorded) = await ending.EndAsync(row, message => new Expire(message, bureau, now, node.Name), "", cancellationToken);
        if (recorded is { Stage: DeliveryStage.Expired }) DeliveringLog.Expired(logger, row.MessageText, bureau);
        return at;
    }

    private TimeSpan? NextLook() => plan.Ask.NextDeadline() - clock.GetUtcNow();
}
