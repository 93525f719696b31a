using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.EventLog.Sqlite;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Programs;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Faults.Judging;

/// <summary>Waits, after everything is healed, until nothing is on its way any more, and then reads what each party has.</summary>
internal sealed class Quiet(House house, TimeProvider clock)
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);
    private static readonly string[] Final = ["delivered", "opened", "refused", "expired", "recalled", "redirected"];

    private readonly HashSet<string> _final = new(StringComparer.Ordinal);
    private List<Unfinished> _unfinished = [];

    /// <summary>Returns when every outbox is empty, every receipt recorded and every delivery final, or when nothing has moved for so long.</summary>
    public async Task WaitAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var (moved, before) = (clock.GetTimestamp(), "");
        using var timer = new PeriodicTimer(Between);
        while (true)
        {
            var now = await LookAsync(cancellationToken);
            if (_unfinished.Count == 0) return;
            if (now != before) (before, moved) = (now, clock.GetTimestamp());
            if (clock.GetElapsedTime(moved) > patience) return;
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <summary>Stops the node, so that its log can be read, and reads log, outboxes and inboxes.</summary>
    public async Task<Ends> ReadAsync(CancellationToken cancellationToken)
    {
        var (outboxes, inboxes) = (new Dictionary<string, List<Queued>>(), new Dictionary<string, List<Shown>>());
        foreach (var bureau in house.Gateways)
        {
            outboxes[bureau] = await house[bureau].OutboxAsync(cancellationToken);
            inboxes[bureau] = await house[bureau].InboxAsync(cancellationToken);
        }
        await house.Part(NodeProgram.Name).StopAsync(cancellationToken);
        var (accepted, delivered, wanted) = await ReadLogAsync(cancellationToken);
        return new Ends
        {
            Outboxes = outboxes,
            Inboxes = inboxes,
            Accepted = accepted,
            Delivered = delivered,
            Open = wanted.Where(delivery => !delivered.ContainsKey(delivery)).ToHashSet(),
            Unfinished = _unfinished,
        };
    }

    // What it returns changes as long as anything moves.
    private async Task<string> LookAsync(CancellationToken cancellationToken)
    {
        var (unfinished, sum) = (new List<Unfinished>(), "");
        foreach (var bureau in house.Gateways)
        {
            var standing = await house[bureau].StatusAsync(cancellationToken);
            sum += $"{standing} ";
            if (standing.Waiting > 0) unfinished.Add(new("", $"{bureau} has {standing.Waiting} messages in its outbox"));
            if (standing.ReceiptsToSend > 0) unfinished.Add(new("", $"{bureau} has {standing.ReceiptsToSend} receipts that the node has not recorded"));
        }
        // Asked only once the outboxes are empty: before that there is more to come anyway.
        if (unfinished.Count == 0) await TrackAsync(unfinished, cancellationToken);
        _unfinished = unfinished;
        return $"{sum}{_final.Count}";
    }

    private async Task TrackAsync(List<Unfinished> unfinished, CancellationToken cancellationToken)
    {
        foreach (var bureau in house.Gateways)
            foreach (var queued in await house[bureau].OutboxAsync(cancellationToken))
            {
                if (queued.State != "accepted" || _final.Contains(queued.MessageId)) continue;
                var tracked = await house[bureau].TrackAsync(queued.MessageId, cancellationToken);
                if (tracked is not null && tracked.All(one => Final.Contains(one.State))) _final.Add(queued.MessageId);
                else unfinished.Add(new(queued.Reference, $"{queued.Reference} is not final: {(tracked is null ? "the node does not know it" : string.Join(", ", tracked))}"));
            }
    }

    private async Task<(Dictionary<string, int> Accepted, Dictionary<(string, string), int> Delivered, HashSet<(string, string)> Wanted)> ReadLogAsync(
        CancellationToken cancellationToken)
    {
        var (accepted, delivered, wanted) = (new Dictionary<string, int>(), new Dictionary<(string, string), int>(), new HashSet<(string, string)>());
        var references = new Dictionary<string, string>();
        await using var log = await SqliteEventLog.OpenAsync(new SqliteEventLogOptions { Folder = house.NodeFolder }, clock, NullLogger.Instance);
        await foreach (var batch in log.ReadAllAsync(LogPosition.Start, cancellationToken))
            foreach (var recorded in batch)
                switch (EventTypes.Parse(recorded.Type, recorded.Data))
                {
                    case Accepted e:
                        references[e.Content.MessageId] = e.Content.Reference;
                        accepted[e.Content.Reference] = accepted.GetValueOrDefault(e.Content.Reference) + 1;
                        foreach (var recipient in e.Recipients) wanted.Add((e.Content.Reference, recipient));
                        break;
                    case Delivered e:
                        var key = (references[e.MessageId], e.Recipient);
                        delivered[key] = delivered.GetValueOrDefault(key) + 1;
                        break;
                }
        return (accepted, delivered, wanted);
    }
}
