using Google.Protobuf;
using MessageBackbone.Domain.Requests;
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

/// <summary>Keeps the clocks of requests: records the turns that the log led to, then takes the steps that are due. One event each, on the clock's stream,
/// which alone decides.</summary>
/// <remarks>Nothing is remembered but the log: what a crash kept from being recorded is still owed afterwards, and what was recorded is not recorded again.</remarks>
internal sealed class RequestKeeper(
    RequestQueries requests, EventRecorder recorder, CurrentDirectory directory, NodeIdentity node, RequestOptions options, EscalationOptions escalation,
    RequestSignals told, TimeProvider clock, ILogger<RequestKeeper> logger)
{
    private const int Page = 64;

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        new ClockWork(requests.Rows, new Signal(), options.LookEvery, clock, logger).RunAsync(KeepPageAsync, cancellationToken);

    // Turns first, and all that the log holds: an answer that came in time must not be found overdue for being read late.
    private async Task<PageDone> KeepPageAsync(CancellationToken cancellationToken)
    {
        if (await TurnPageAsync(cancellationToken) is { } turned) return turned;
        var now = clock.GetUtcNow();
        if ((await requests.DueAsync(now, 1, cancellationToken)).Count > 0)
        {
            await requests.Rows.CatchUpAsync(cancellationToken);
            if (await TurnPageAsync(cancellationToken) is { } late) return late;
            if (await requests.DueAsync(now, Page, cancellationToken) is { Count: > 0 } due)
            {
                var taken = await Task.WhenAll(due.Select(one => TakeAsync(one, StepOf(one, now), cancellationToken)));
                told.Set();
                return Done([.. taken]);
            }
        }

        return new PageDone(null, await requests.NextAsync(cancellationToken) - clock.GetUtcNow() ?? PageDone.WhenChanged);
    }

    // Clocks side by side, the turns of one in their order.
    private async Task<PageDone?> TurnPageAsync(CancellationToken cancellationToken)
    {
        if (await requests.OwedTurnsAsync(Page, cancellationToken) is not { Count: > 0 } owed) return null;
        var ends = await Task.WhenAll(owed.GroupBy(turn => turn.Request).Select(async turns =>
        {
            var last = default((LogPosition, bool));
            foreach (var (request, turn) in turns)
                last = await TakeAsync(request, new TakeTurn(request, turn, options.TermsOf(request.DeadlineClass), node.Name), cancellationToken);
            return last;
        }));
        return Done([.. ends]);
    }

    private static PageDone Done(IReadOnlyList<(LogPosition Position, bool Added)> ends) =>
        new(ends.Max(end => end.Position), ends.Any(end => end.Added) ? TimeSpan.Zero : PageDone.WhenChanged);

    private async Task<(LogPosition Position, bool Added)> TakeAsync(RequestOf request, RequestCommand command, CancellationToken cancellationToken)
    {
        var by = command is TakeTurn { Turn.By: { Length: > 0 } cause } ? cause : request.MessageId;
        var outcome = await recorder.DecideAsync(
            StreamId.Request(request.MessageId, request.Recipient), RequestClock.None, RequestClock.Evolve, state => RequestClock.Decide(state, command),
            new Provenance(node.Uri, request.MessageId, by), cancellationToken);
        switch (outcome)
        {
            case Recording<RequestClock>.Recorded recorded:
                foreach (var made in recorded.Events) Tell(request, Domain.EventTypes.Parse(made.Type, made.Data));
                return (recorded.At.Position, true);
            case Recording<RequestClock>.Repeated { Stream: [.., var last] }:
                // Another node was faster: the rows have yet to read it.
                return (last.Position, false);
            default:
                throw new InvalidOperationException($"The rows of requests name what cannot be for {request.MessageId} at {request.Recipient}.");
        }
    }

    // Who is closed is told nothing: nobody would ever fetch it.
    private TakeStep StepOf(RequestOf request, DateTimeOffset now)
    {
        var state = directory.State;
        var closed = !state.TakesPart(request.Recipient);
        var desk = escalation.DutyDesks.TryGetValue(request.Recipient, out var named) && state.TakesPart(named) ? named : closed ? "" : request.Recipient;
        return new TakeStep(request, desk, now, node.Name) { RecipientClosed = closed, RequesterClosed = !state.TakesPart(request.Requester) };
    }

    private void Tell(RequestOf request, IMessage made)
    {
        switch (made)
        {
            case RequestOverdue { Step: RequestStep.Operator }:
                NodeMetrics.RequestStepTaken("operator");
                EscalatingLog.RequestForOperator(logger, request.MessageId, request.Recipient, request.DeadlineClass);
                break;
            case RequestOverdue e:
                NodeMetrics.RequestStepTaken(e.Step == RequestStep.DutyDesk ? "duty_desk" : "requester");
                EscalatingLog.RequestOverdue(logger, request.MessageId, request.Recipient, e.To);
                break;
            case RequestReminded e:
                NodeMetrics.RequestStepTaken("reminder");
                EscalatingLog.RequestReminded(logger, request.MessageId, e.To);
                break;
            case RequestClosed { Reason: RequestTalk.ClassUnknown }:
                EscalatingLog.RequestClassUnknown(logger, request.MessageId, request.Recipient, request.DeadlineClass);
                break;
        }
    }
}
