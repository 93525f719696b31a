using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Ends deliveries whose recipient was closed: nobody will ever fetch them. The most urgent first, a page at a time.</summary>
/// <remarks>Works from the plan, which knows who is closed and what is open. Nothing is remembered but the log: an end that a crash kept from being recorded is
/// still due afterwards, and what was accepted while the bureau was being closed is ended as well.</remarks>
internal sealed class Closing(
    Plan plan, Planner planner, DeliveryEnding ending, NodeIdentity node, DeliveringOptions options, TimeProvider clock, ILogger<Closing> logger)
{
    private const int Page = 64;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await planner.CaughtUp.WaitAsync(cancellationToken);
        await new PlanWork(planner, plan.Closings, options.DeadlinesLookedAtEvery, clock, logger).RunAsync(EndPageAsync, () => null, cancellationToken);
    }

    private async Task<LogPosition?> EndPageAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // Side by side: their appends share a flush.
        var ends = await Task.WhenAll(plan.Ask.ClosedRows(Page).Select(row => EndAsync(row, now, cancellationToken)));
        return ends.Length == 0 ? null : ends.Max();
    }

    private async Task<LogPosition> EndAsync(ClosedRow closed, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (row, bureau) = (closed.Row, closed.Row.Lane.Bureau);
        var (at, recorded) = await ending.EndAsync(
            row, message => new EndAsClosed(message, bureau, closed.By, now, node.Name), closed.By.ToString("D"), cancellationToken);
        if (recorded is { Stage: DeliveryStage.Expired }) DeliveringLog.EndedAsClosed(logger, row.MessageText, bureau);
        return at;
    }
}
