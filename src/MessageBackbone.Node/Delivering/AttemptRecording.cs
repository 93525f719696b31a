using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Records attempts that ended without a receipt. Only what was really presented is one.</summary>
internal sealed class AttemptRecording(EventRecorder recorder, NodeIdentity node, ILogger<AttemptRecording> logger)
{
    public Attempt AttemptOf(InHand delivery) =>
        new(delivery.Ready!.Presentation.Attempt, delivery.Sequence, delivery.PresentedAt!.Value, node.Name);

    public Task EndAsync(InHand delivery, string endedBy) => delivery is { Ready: { } ready, PresentedAt: not null }
        ? EndAsync(ready.Presentation.Row.MessageId, delivery.Lane.Bureau, AttemptOf(delivery), endedBy)
        : Task.CompletedTask;

    /// <summary>For a presentation that nobody has in hand.</summary>
    public async Task EndAsync(Guid messageId, string bureau, Attempt attempt, string endedBy)
    {
        var message = messageId.ToString("D");
        var command = new EndAttempt(message, bureau, attempt, endedBy);
        try
        {
            await recorder.DecideAsync(
                StreamId.Delivery(message, bureau), DeliveryProgress.Waiting, DeliveryProgress.Evolve, state => DeliveryProgress.Decide(state, command),
                new Provenance(node.Uri, message), CancellationToken.None);
        }
        catch (EventLogUnavailableException fault)
        {
            // The plan has counted the attempt: the next presentation is marked as a possible duplicate all the same.
            DeliveringLog.AttemptNotRecorded(logger, messageId, bureau, attempt.Number, fault.Message);
        }
    }
}
