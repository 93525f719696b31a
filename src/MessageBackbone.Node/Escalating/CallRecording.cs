using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Escalating;

/// <summary>What the log knows of a call, and its end.</summary>
internal sealed class CallRecording(IEventLog log, HouseMessages messages, EventRecorder recorder, NodeIdentity node, TimeProvider clock)
{
    /// <summary>The step that is told, the precedence of its message, and where the call's end is recorded; null: it has none yet.</summary>
    public async Task<(Escalated Step, Precedence Precedence, LogPosition? Ended)> ReadAsync(OwedStep owed, CancellationToken cancellationToken)
    {
        var stored = await log.ReadAtAsync(owed.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {owed.Position}, which the rows of clocks name.");
        var step = Escalated.Parser.ParseFrom(stored.Data.Span);
        var accepted = Accepted.Parser.ParseFrom((await messages.RequireAsync(step.MessageId, cancellationToken)).Data.Span);
        LogPosition? ended = null;
        // Rows that are made again may not have come to it yet: nobody is called twice for that.
        await foreach (var recorded in log.ReadStreamAsync(StreamId.Delivery(step.MessageId, step.Recipient), null, cancellationToken))
            if (Domain.EventTypes.Parse(recorded.Type, recorded.Data) is EscalationCalled called && called.EventId == owed.EventId.ToString("D"))
                ended = recorded.Position;
        return (step, accepted.Content.Precedence, ended);
    }

    public async Task<LogPosition> EndAsync(Escalated step, string eventId, CallAnswer answer, uint tries, CancellationToken cancellationToken)
    {
        var command = new EndCall(new EscalationCalled
        {
            MessageId = step.MessageId,
            Recipient = step.Recipient,
            Step = step.Step,
            EventId = eventId,
            Accepted = answer.Accepted,
            Outcome = answer.Outcome,
            Attempts = tries,
            At = clock.GetUtcNow().ToTimestamp(),
            Node = node.Name,
        });
        var outcome = await recorder.DecideAsync(
            StreamId.Delivery(step.MessageId, step.Recipient), DeliveryProgress.Waiting, DeliveryProgress.Evolve,
            state => DeliveryProgress.Decide(state, command), new Provenance(node.Uri, step.MessageId, eventId), cancellationToken);
        return outcome switch
        {
            Recording<DeliveryProgress>.Recorded recorded => recorded.At.Position,
            Recording<DeliveryProgress>.Repeated before => before.Stream[^1].Position,
            _ => throw new InvalidOperationException("The end of a call is always a fact."),
        };
    }
}
