using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Routing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Does what the plan says is due by appending to the log, page by page, and waits for the plan to read each page back before it asks again:
/// so nothing is done twice for being slow.</summary>
internal sealed class PlanWork(Planner planner, Signal changed, TimeSpan lookEvery, TimeProvider clock, ILogger logger)
{
    /// <summary>Runs until cancelled. A store that is away holds it up and no more.</summary>
    /// <param name="doPage">Returns the last position appended or found; null: nothing was due.</param>
    /// <param name="nextLook">When something will be due, from now; null: nothing that is known.</param>
    public async Task RunAsync(Func<CancellationToken, Task<LogPosition?>> doPage, Func<TimeSpan?> nextLook, CancellationToken cancellationToken)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
        var done = LogPosition.Start;
        while (true)
        {
            try
            {
                if (planner.Position < done)
                {
                    await changed.WaitAsync(lookEvery, clock, cancellationToken);
                    continue;
                }
                if (await doPage(cancellationToken) is { } position) done = position;
                else await changed.WaitAsync(nextLook() is { } due && due < lookEvery ? due : lookEvery, clock, cancellationToken);
                backOff.Reset();
            }
            catch (Exception fault) when (fault is EventLogUnavailableException or ContentUnavailableException or SqliteException)
            {
                DeliveringLog.ExpiryHeldUp(logger, fault.Message);
                await backOff.WaitAsync(clock, cancellationToken);
            }
        }
    }
}
