using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Domain.Requests;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Escalating;

/// <summary>A step of a late delivery or of a request, and the message that it is about.</summary>
/// <param name="Event">Escalated, RequestReminded or RequestOverdue.</param>
/// <param name="Ended">Where the call's end is recorded; null: it has none yet.</param>
internal sealed record CalledStep(IMessage Event, MessageHeader About, LogPosition? Ended);

/// <summary>What the log knows of a call, and its end.</summary>
internal sealed class CallRecording(IEventLog log, HouseMessages messages, EventRecorder recorder, NodeIdentity node, TimeProvider clock)
{
    public async Task<CalledStep> ReadAsync(OwedStep owed, CancellationToken cancellationToken)
    {
        var stored = await log.ReadAtAsync(owed.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {owed.Position}, which the rows of clocks name.");
        var step = Domain.EventTypes.Parse(stored.Type, stored.Data);
        var (stream, message) = step switch
        {
            Escalated e => (StreamId.Delivery(e.MessageId, e.Recipient), e.MessageId),
            RequestReminded e => (StreamId.Request(e.MessageId, e.Recipient), e.MessageId),
            RequestOverdue e => (StreamId.Request(e.MessageId, e.Recipient), e.MessageId),
            _ => throw new InvalidOperationException($"The rows of clocks owe a call for {step.Descriptor.FullName}."),
        };
        var accepted = Accepted.Parser.ParseFrom((await messages.RequireAsync(message, cancellationToken)).Data.Span);
        return new CalledStep(step, accepted.Content, await EndedAsync(stream, owed.EventId.ToString("D"), cancellationToken));
    }

    /// <summary>Once for each step, whoever records it.</summary>
    /// <param name="eventId">Of the step.</param>
    public Task<LogPosition> EndAsync(IMessage step, string eventId, CallAnswer answer, uint tries, CancellationToken cancellationToken) => step switch
    {
        Escalated e => EndAsync(e, eventId, answer, tries, cancellationToken),
        RequestReminded e => EndAsync(e.MessageId, e.Recipient, e.Step, eventId, answer, tries, cancellationToken),
        RequestOverdue e => EndAsync(e.MessageId, e.Recipient, e.Step, eventId, answer, tries, cancellationToken),
        _ => throw new InvalidOperationException($"Nobody is called for {step.Descriptor.FullName}."),
    };

    // Rows that are made again may not have come to it yet: nobody is called twice for that.
    private async Task<LogPosition?> EndedAsync(StreamId stream, string eventId, CancellationToken cancellationToken)
    {
        await foreach (var recorded in log.ReadStreamAsync(stream, null, cancellationToken))
        {
            var of = Domain.EventTypes.Parse(recorded.Type, recorded.Data) switch
            {
                EscalationCalled e => e.EventId,
                RequestCalled e => e.EventId,
                _ => null,
            };
            if (of == eventId) return recorded.Position;
        }

        return null;
    }

    private async Task<LogPosition> EndAsync(Escalated step, string eventId, CallAnswer answer, uint tries, CancellationToken cancellationToken)
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
        return End(await recorder.DecideAsync(
            StreamId.Delivery(step.MessageId, step.Recipient), DeliveryProgress.Waiting, DeliveryProgress.Evolve,
            state => DeliveryProgress.Decide(state, command), new Provenance(node.Uri, step.MessageId, eventId), cancellationToken));
    }

    private async Task<LogPosition> EndAsync(
        string message, string recipient, RequestStep step, string eventId, CallAnswer answer, uint tries, CancellationToken cancellationToken)
    {
        var command = new EndRequestCall(new RequestCalled
        {
            MessageId = message,
            Recipient = recipient,
            Step = step,
            EventId = eventId,
            Accepted = answer.Accepted,
            Outcome = answer.Outcome,
            Attempts = tries,
            At = clock.GetUtcNow().ToTimestamp(),
            Node = node.Name,
        });
        return End(await recorder.DecideAsync(
            StreamId.Request(message, recipient), RequestClock.None, RequestClock.Evolve, state => RequestClock.Decide(state, command),
            new Provenance(node.Uri, message, eventId), cancellationToken));
    }

    private static LogPosition End<TState>(Recording<TState> outcome) => outcome switch
    {
        Recording<TState>.Recorded recorded => recorded.At.Position,
        Recording<TState>.Repeated before => before.Stream[^1].Position,
        _ => throw new InvalidOperationException("The end of a call is always a fact."),
    };
}
