using Google.Protobuf;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Content;

/// <summary>
/// Drops bodies and attachments that no accepted message names, once they are old enough that no submission can still be under way. A submission claims what it
/// names before its event is appended, and the store drops nothing that is claimed: so what an accepted event names stays.
/// </summary>
internal sealed class OrphanSweep(
    ContentStore store, AttachmentStore attachments, IEventLog log, NodeLimits limits, TimeProvider clock, ILogger<OrphanSweep> logger) : BackgroundService
{
    private const int Page = 500;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(15);

    /// <summary>Settles every claim that is old enough, then drops attachments that nobody claims. Returns how many claims and attachments went.</summary>
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

        var files = await attachments.DropOrphansAsync(before, cancellationToken);
        if (files > 0)
        {
            ContentLog.AttachmentsSwept(logger, files);
        }

        return dropped + files;
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
            catch (Exception fault) when (fault is EventLogUnavailableException or ContentUnavailableException or SqliteException or IOException)
            {
                ContentLog.SweepFailed(logger, fault);
            }
        }
    }

    private async Task<bool> IsAcceptedAsync(ContentClaim claim, CancellationToken cancellationToken)
    {
        await foreach (var first in log.ReadStreamAsync(StreamId.Message(claim.MessageId), null, cancellationToken))
        {
            var header = Accepted.Parser.ParseFrom(first.Data.Span).Content;
            return header.BodySha256.Span.SequenceEqual(claim.Sha256)
                || header.Attachments.Any(attachment => attachment.Sha256.Span.SequenceEqual(claim.Sha256));
        }

        return false;
    }
}
