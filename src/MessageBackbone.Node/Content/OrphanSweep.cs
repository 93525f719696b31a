using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Content;

/// <summary>Drops bodies whose message was never accepted, once they are old enough that no submission can still be under way.</summary>
internal sealed class OrphanSweep(ContentStore store, IEventLog log, NodeLimits limits, TimeProvider clock, ILogger<OrphanSweep> logger) : BackgroundService
{
    private const int Page = 500;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(15);

    /// <summary>Settles every claim that is old enough. Returns how many bodies nobody claims any more.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var (claims, dropped) = (0, 0);
        var before = clock.GetUtcNow() - limits.OrphansKept;
        while (store.OldClaims(before, Page) is { Count: > 0 } page)
        {
            foreach (var claim in page)
            {
                var accepted = await IsAcceptedAsync(claim, cancellationToken);
                await store.SettleAsync(claim, before, accepted, cancellationToken);
                (claims, dropped) = (claims + 1, dropped + (accepted ? 0 : 1));
            }
        }

        if (claims > 0)
        {
            ContentLog.Swept(logger, claims, dropped);
        }

        return dropped;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is EventLogUnavailableException or ContentUnavailableException or SqliteException)
            {
                ContentLog.SweepFailed(logger, fault);
            }
        }
    }

    private async Task<bool> IsAcceptedAsync(ContentClaim claim, CancellationToken cancellationToken)
    {
        await foreach (var first in log.ReadStreamAsync(StreamId.Message(claim.MessageId), null, cancellationToken))
        {
            return Accepted.Parser.ParseFrom(first.Data.Span).Content.BodySha256.Span.SequenceEqual(claim.Sha256);
        }

        return false;
    }
}
