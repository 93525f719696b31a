using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Requests;
using MessageBackbone.EventLog;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Accepting;

/// <summary>The clock of an answer that is owed, straight from its stream.</summary>
internal sealed class RequestTracker(IEventLog log, TimeProvider clock)
{
    /// <param name="shown">What is known of the delivery to this recipient.</param>
    /// <returns>Null: this bureau owes no answer.</returns>
    public async Task<RequestTracking?> TrackAsync(MessageHeader header, RecipientTracking shown, CancellationToken cancellationToken)
    {
        if (!RequestKinds.HasClock(header)) return null;
        var (state, taken) = (RequestClock.None, new List<RequestStepTaken>());
        await foreach (var stored in log.ReadStreamAsync(StreamId.Request(header.MessageId, shown.Recipient), null, cancellationToken))
        {
            var @event = EventTypes.Parse(stored.Type, stored.Data);
            state = RequestClock.Evolve(state, @event);
            if (@event is RequestReminded r) taken.Add(new RequestStepTaken { Step = r.Step, At = r.At, To = r.To });
            if (@event is RequestOverdue o) taken.Add(new RequestStepTaken { Step = o.Step, At = o.At, To = o.To });
        }

        if (state == RequestClock.None && !WillStart(header, shown)) return null;
        var tracking = Of(header, state, clock.GetUtcNow());
        tracking.Steps.Add(taken);
        return tracking;
    }

    // Delivered, and its start not recorded yet, is a matter of a second; what ended otherwise never starts.
    private static bool WillStart(MessageHeader header, RecipientTracking shown) =>
        header.To.Contains(shown.Recipient)
        && shown.State is DeliveryState.Waiting or DeliveryState.Quarantined or DeliveryState.Delivered or DeliveryState.Opened;

    private static RequestTracking Of(MessageHeader header, RequestClock state, DateTimeOffset now)
    {
        var tracking = new RequestTracking { DeadlineClass = header.DeadlineClass, PausedBy = state.Closed is null ? state.PausedBy : "" };
        if (state is { Started: { } started, Clock: { } running })
        {
            var elapsed = running.Elapsed(now);
            (tracking.Allowed, tracking.StartedAt, tracking.DueAt) = (started.Allowed, started.StartedAt, state.DueAt?.ToTimestamp());
            (tracking.Elapsed, tracking.Late) = (elapsed.ToDuration(), elapsed > started.Allowed.ToTimeSpan());
            if (state.Closed is null) tracking.PausedSince = running.PausedSince?.ToTimestamp();
        }

        if (state.Closed is { } closed)
            (tracking.ClosedAt, tracking.ClosedBy, tracking.Reason, tracking.Late) = (closed.At, closed.By, closed.Reason, closed.Late);
        return tracking;
    }
}
