using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Takes the steps of the ladder when they are due: one event each, on the stream of the delivery, which alone decides.</summary>
/// <remarks>Nothing is remembered but the log: a step that a crash kept from being recorded is still due afterwards, and one that was is taken for good.</remarks>
internal sealed class Escalator(
    ServiceClockQueries clocks, HouseMessages messages, EventRecorder recorder, CurrentDirectory directory, NodeIdentity node, EscalationOptions options,
    EscalationSignals signals, TimeProvider clock, ILogger<Escalator> logger)
{
    private const int Page = 64;

    private readonly Dictionary<Precedence, ServiceLevel> _levels =
        LaneKey.MostUrgentFirst.Where(precedence => !options.Of(precedence).Off).ToDictionary(precedence => precedence, precedence => options.Of(precedence).Level);

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        new ClockWork(clocks.Rows, new Signal(), options.LookEvery, clock, logger).RunAsync(TakePageAsync, cancellationToken);

    // A page of one precedence and one step, the most urgent first: their appends share a flush, and what is urgent waits for no long list of the other.
    private async Task<PageDone> TakePageAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var (precedence, before, step, after) in Steps())
        {
            if (await clocks.StartedByAsync(precedence, before, now - after, Page, cancellationToken) is not { Count: > 0 } rows) continue;
            var taken = await Task.WhenAll(rows.Select(row => TakeAsync(row, precedence, step, now, cancellationToken)));
            signals.Set();
            return new PageDone(taken.Max(one => one.Position), taken.Any(one => one.Added) ? TimeSpan.Zero : PageDone.WhenChanged);
        }

        return new PageDone(null, await NextLookAsync(cancellationToken));
    }

    private async Task<(LogPosition Position, bool Added)> TakeAsync(
        ClockRow row, Precedence precedence, EscalationStep step, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var accepted = Accepted.Parser.ParseFrom((await messages.RequireAsync(row.MessageId, cancellationToken)).Data.Span);
        // A clock of an alternate was started by the event that named it.
        var message = Redirection.Including(accepted, row.Recipient);
        var command = new Escalate(message, row.Recipient, row.StartedAt, _levels[precedence], step, Parties(accepted.Content, row.Recipient), now, node.Name);
        var outcome = await recorder.DecideAsync(
            StreamId.Delivery(row.MessageId, row.Recipient), DeliveryProgress.Waiting, DeliveryProgress.Evolve,
            state => DeliveryProgress.Decide(state, command), new Provenance(node.Uri, row.MessageId), cancellationToken);
        switch (outcome)
        {
            case Recording<DeliveryProgress>.Recorded recorded:
                foreach (var made in recorded.Events) Tell(precedence, Domain.EventTypes.Parse(made.Type, made.Data));
                return (recorded.At.Position, true);
            case Recording<DeliveryProgress>.Repeated { Stream: [.., var last] }:
                // A receipt came first, or another node: the rows have yet to read it.
                return (last.Position, false);
            default:
                throw new InvalidOperationException($"The rows of clocks name a step for {row.MessageId} at {row.Recipient} that is not due by its events.");
        }
    }

    private EscalationParties Parties(MessageHeader header, string bureau)
    {
        var state = directory.State;
        var desk = options.DutyDesks.TryGetValue(bureau, out var named) && state.TakesPart(named) ? named : state.TakesPart(bureau) ? bureau : "";
        var alternate = header.Alternates.FirstOrDefault(a => a.InsteadOf == bureau && state.TakesPart(a.Bureau))?.Bureau ?? "";
        var standing = options.Alternates.TryGetValue(bureau, out var other) && state.TakesPart(other) ? other : "";
        return new EscalationParties(desk, alternate, standing, SenderClosed: !state.TakesPart(header.From));
    }

    private void Tell(Precedence precedence, Google.Protobuf.IMessage made)
    {
        switch (made)
        {
            case Escalated { Step: EscalationStep.Operator } e:
                NodeMetrics.Escalated(precedence, e.Step.Word());
                EscalatingLog.OperatorTold(logger, e.MessageId, e.Recipient, e.Reason);
                break;
            case Escalated e:
                NodeMetrics.Escalated(precedence, e.Step.Word());
                EscalatingLog.Escalated(logger, e.MessageId, e.Recipient, e.Step.Word(), e.Reason);
                break;
            case Redirected e:
                EscalatingLog.Redirected(logger, e.MessageId, e.To, e.Recipient);
                break;
        }
    }

    private async ValueTask<TimeSpan> NextLookAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? next = null;
        foreach (var (precedence, before, _, after) in Steps())
            if (await clocks.OldestAsync(precedence, before, cancellationToken) + after is { } due && !(next < due)) next = due;
        return next - clock.GetUtcNow() ?? PageDone.WhenChanged;
    }

    private IEnumerable<(Precedence Precedence, EscalationStep Before, EscalationStep Step, TimeSpan After)> Steps() =>
        from level in _levels
        from i in Enumerable.Range(0, level.Value.Ladder.Rungs.Count)
        let rungs = level.Value.Ladder.Rungs
        select (level.Key, i == 0 ? EscalationStep.Unspecified : rungs[i - 1].Step, rungs[i].Step, rungs[i].After);
}
