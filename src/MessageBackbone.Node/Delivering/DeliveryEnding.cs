using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Delivering;

/// <summary>Ends an open delivery of the plan by a decision of the node on the delivery's own stream, which alone decides.</summary>
internal sealed class DeliveryEnding(IEventLog log, EventRecorder recorder, NodeIdentity node)
{
    /// <param name="command">What ends it, made from the acceptance as it holds for the row's recipient.</param>
    /// <param name="causation">Id of the message or event that led to it; empty: none did.</param>
    /// <returns>Where its end is, and how it stands now that this call recorded it; null: a receipt came first, or another end, and the plan has yet to read
    /// it.</returns>
    public async Task<(LogPosition At, DeliveryProgress? Now)> EndAsync(
        PlanRow row, Func<Accepted, DeliveryCommand> command, string causation, CancellationToken cancellationToken)
    {
        var (message, bureau) = (row.MessageText, row.Lane.Bureau);
        var stored = await log.ReadAtAsync(row.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {row.Position}, which the plan names.");
        var accepted = Redirection.Including(Accepted.Parser.ParseFrom(stored.Data.Span), bureau);
        var outcome = await DecideAsync(accepted, bureau, command(accepted), causation, cancellationToken);
        return outcome switch
        {
            Recording<DeliveryProgress>.Recorded recorded => (recorded.At.Position, recorded.State),
            Recording<DeliveryProgress>.Repeated before => (before.Stream[^1].Position, null),
            _ => throw new InvalidOperationException($"The plan names an end of {message} to {bureau} that its acceptance does not allow."),
        };
    }

    /// <summary>Decides on the stream of one delivery and records what comes of it.</summary>
    public Task<Recording<DeliveryProgress>> DecideAsync(
        Accepted message, string bureau, DeliveryCommand command, string causation, CancellationToken cancellationToken) => recorder.DecideAsync(
        StreamId.Delivery(message.Content.MessageId, bureau), DeliveryProgress.Waiting, DeliveryProgress.Evolve,
        state => DeliveryProgress.Decide(state, command), new Provenance(node.Uri, message.Content.MessageId, causation), cancellationToken);
}
