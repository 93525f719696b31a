using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.Node.Routing;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>What came of one page of work.</summary>
/// <param name="Last">The last position appended or found; null: none.</param>
/// <param name="Next">When to ask again, at the latest; zero: at once. A page that changed nothing says a time, for the rows are behind or wrong, and asking at
/// once is no help.</param>
internal sealed record PageDone(LogPosition? Last, TimeSpan Next)
{
    /// <summary>When something changes, or when the work looks by itself.</summary>
    public static readonly TimeSpan WhenChanged = TimeSpan.MaxValue;
}

/// <summary>Does what the rows of clocks say is due by appending to the log, page by page, and waits for the rows to have each page before it asks again: so
/// nothing is done twice for being slow.</summary>
internal sealed class ClockWork(ProjectionFollower rows, Signal changed, TimeSpan lookEvery, TimeProvider clock, ILogger logger)
{
    /// <summary>Runs until cancelled. A store that is away holds it up and no more; so do rows that follow the log no more, until they are rebuilt.</summary>
    public async Task RunAsync(Func<CancellationToken, Task<PageDone>> doPage, CancellationToken cancellationToken)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
        var caughtUp = false;
        while (true)
        {
            try
            {
                if (!caughtUp) await rows.CatchUpAsync(cancellationToken);
                caughtUp = true;
                var page = await doPage(cancellationToken);
                if (page.Last is { } position) await rows.WaitForAsync(position, cancellationToken);
                await changed.WaitAsync(page.Next < lookEvery ? page.Next : lookEvery, clock, cancellationToken);
                backOff.Reset();
            }
            catch (Exception fault) when (fault is EventLogUnavailableException or ContentUnavailableException or ReadModelFault or FollowerStoppedException)
            {
                EscalatingLog.HeldUp(logger, fault.Message);
                await backOff.WaitAsync(clock, cancellationToken);
            }
        }
    }
}
