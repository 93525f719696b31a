using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Follows the log for as long as it is open. In passing it reaches the server again after a fault, without waiting for a caller.</summary>
internal sealed class IndexKeeping(IndexFollowing following, LeaderLink link, Bell bell, TimeProvider clock, ILogger logger)
{
    // Nobody waits for the index: what this process appended is known before. So it reads pages, not events one by one.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken closing)
    {
        while (!closing.IsCancellationRequested)
        {
            var ring = bell.Next;
            try
            {
                await following.ToEndAsync(closing);
                await ring.WaitAsync(closing);
                await Task.Delay(Pace, clock, closing);
            }
            catch (EventLogUnavailableException) when (closing.IsCancellationRequested)
            {
                return;
            }
            catch (EventLogUnavailableException fault)
            {
                var pause = link.Pause;
                EventLogLog.FollowingFailed(logger, fault, pause);
                await Task.Delay(pause, clock, closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
