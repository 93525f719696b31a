using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing;

/// <summary>Sends unpublished rows to their lanes, the most urgent first, and marks what the transport confirmed. Whatever failed stays unmarked.</summary>
internal sealed class Publisher(Plan plan, ILaneTransport transport, RoutingOptions options, TimeProvider clock, ILogger<Publisher> logger)
{
    // Confirms come within milliseconds; what takes longer than this is a queue that has a trouble.
    private static readonly TimeSpan ConfirmedSoon = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<LaneKey, Resting> _resting = [];
    private DateTimeOffset _asked;

    /// <summary>Runs until cancelled. Woken by the plan, the transport and the rows' own times.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10));
        while (true)
        {
            try
            {
                await transport.UpAsync(cancellationToken);
                if (await PublishPageAsync(cancellationToken)) continue;
                await plan.Waiting.WaitAsync(NextWake(), clock, cancellationToken);
                backOff.Reset();
            }
            catch (SqliteException fault)
            {
                RoutingLog.PlanAway(logger, fault.Message);
                await backOff.WaitAsync(clock, cancellationToken);
            }
        }
    }

    /// <summary>One page of the most urgent level that has something to send; false: nothing could be sent.</summary>
    internal Task<bool> PublishPageAsync(CancellationToken cancellationToken) => PublishPageAsync(Precedence.Unspecified, cancellationToken);

    private async Task<bool> PublishPageAsync(Precedence above, CancellationToken cancellationToken)
    {
        var now = _asked = clock.GetUtcNow();
        var lanes = plan.Ask.WaitingLanes(transport.PublishAhead)
            .Where(lane => lane.Lane.Precedence > above && transport.Takes(lane.Lane) && !Rests(lane.Lane, now));
        foreach (var level in lanes.GroupBy(lane => lane.Lane.Precedence))
        {
            var page = new List<PlanRow>(options.PublishPage);
            foreach (var lane in level)
            {
                var room = (int)Math.Min(transport.PublishAhead - lane.Published, options.PublishPage - page.Count);
                if (room == 0) break;
                page.AddRange(plan.Ask.Unpublished(lane.Lane, room, now));
            }
            if (page.Count > 0) return await SendAsync(page, cancellationToken) > 0;
        }
        return false;
    }

    private async Task<int> SendAsync(List<PlanRow> page, CancellationToken cancellationToken)
    {
        // Started in order and awaited together: one confirm a send would cost ten times the rate; the lanes put right what overtakes.
        var incarnations = page.ConvertAll(row => transport.Incarnation(row.Lane));
        var sends = Task.WhenAll(page.ConvertAll(row => TrySendAsync(row, cancellationToken)));
        await LetPassAsync(sends, page[0].Lane.Precedence, cancellationToken);
        var faults = await sends;
        cancellationToken.ThrowIfCancellationRequested();
        var confirmed = page.Where((_, i) => faults[i].IsConfirmed).ToList();
        if (confirmed.Count > 0)
        {
            await plan.MarkPublishedAsync(confirmed, cancellationToken);
            await TakeBackAsync([.. page.Where((row, i) => faults[i].IsConfirmed && transport.Incarnation(row.Lane) != incarnations[i])]);
            for (var i = 0; i < confirmed.Count; i++) NodeMetrics.Published();
        }
        foreach (var lane in page.Select((row, i) => (row.Lane, faults[i].Fault)).GroupBy(sent => sent.Lane))
            Judge(lane.Key, [.. lane.Select(sent => sent.Fault).OfType<string>()]);
        return page.Count;
    }

    // A queue that confirms nothing holds up its own level until the time for a send is over, and nothing that is more urgent.
    private async Task LetPassAsync(Task sends, Precedence level, CancellationToken cancellationToken)
    {
        while (level < Precedence.Flash && !cancellationToken.IsCancellationRequested
            && await Task.WhenAny(sends, Task.Delay(ConfirmedSoon, clock, cancellationToken)) != sends)
            await PublishPageAsync(level, cancellationToken);
    }

    // The lane was detached, or the broker lost, between the send and the mark: who un-marked the lane's rows then did not see these.
    private async Task TakeBackAsync(IReadOnlyList<PlanRow> lost)
    {
        foreach (var lane in lost.GroupBy(row => row.Lane))
            await plan.UnmarkAsync(lane.Key, [.. lane.Select(row => row.Sequence)], null, CancellationToken.None);
    }

    private async Task<Sent> TrySendAsync(PlanRow row, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.SendTimeout);
        using var trace = NodeMetrics.Activities.StartPublishing(row);
        try
        {
            await transport.PublishAsync(row, trace?.Id ?? row.TraceParent, limit.Token);
            return new Sent(IsConfirmed: true, Fault: null);
        }
        catch (TransportBlockedException)
        {
            // Nobody's fault: it waits with the others until the transport takes it.
            return new Sent(IsConfirmed: false, Fault: null);
        }
        catch (Exception fault)
        {
            // Failed, returned or cancelled are one thing here, the node's own end among them: the row stays unmarked and is sent again.
            return new Sent(IsConfirmed: false, fault is OperationCanceledException ? "no confirmation in time" : fault.Message);
        }
    }

    private void Judge(LaneKey lane, List<string> faults)
    {
        if (faults.Count == 0)
        {
            _resting.Remove(lane);
            return;
        }
        if (!_resting.TryGetValue(lane, out var resting))
            _resting.Add(lane, resting = new Resting(new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10))));
        resting.Until = clock.GetUtcNow() + resting.BackOff.Next();
        RoutingLog.NotConfirmed(logger, lane.ToString(), faults.Count, faults[0]);
        transport.Doubt(lane);
    }

    private bool Rests(LaneKey lane, DateTimeOffset now) => _resting.TryGetValue(lane, out var resting) && resting.Until > now;

    private TimeSpan? NextWake()
    {
        var now = clock.GetUtcNow();
        // A rest that ended since the page was made up is over now: counted by the present time, it would wake nobody.
        var times = _resting.Values.Select(resting => resting.Until).Where(until => until > _asked);
        if (plan.Ask.NextDue() is { } due) times = times.Append(due > now ? due : now + TimeSpan.FromSeconds(1));
        return times.Any() ? Shorter(times.Min() - now, TimeSpan.FromHours(1)) : null;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>What came of a send. Neither confirmed nor at fault: the transport took nothing.</summary>
    private readonly record struct Sent(bool IsConfirmed, string? Fault);

    private sealed class Resting(BackOff backOff)
    {
        public BackOff BackOff => backOff;

        public DateTimeOffset Until { get; set; }
    }
}
