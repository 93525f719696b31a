using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Delivering;

/// <summary>Judges a receipt and records what it says. Callers run many at once: their appends share a flush.</summary>
internal sealed class ReceiptRecording(EventRecorder recorder, IEventLog log, MessageParties parties, CurrentDirectory directory, NodeIdentity node, TimeProvider clock)
{
    /// <summary>The receipt is on disk when this returns; a repeat gets the first position.</summary>
    /// <param name="accepted">The message's acceptance where it is at hand; null: looked up.</param>
    /// <param name="attempt">The presentation that the receipt ends; null: it came outside one.</param>
    /// <exception cref="RefusalException">Nothing was recorded.</exception>
    public async Task<LogPosition> RecordAsync(
        Caller caller, ReceiptReading receipt, Accepted? accepted, Attempt? attempt, CancellationToken cancellationToken)
    {
        var (message, bureau) = (receipt.Content.MessageId, caller.Name);
        if (Unfit(receipt, bureau) is { } unfit)
        {
            var earlier = await EarlierAsync(receipt, bureau, cancellationToken) ?? throw unfit;
            // It counted once, and may be all that its gateway has to answer a redelivery with.
            if (receipt.Content.Outcome != DeliveryOutcome.Delivered) return earlier;
        }
        accepted ??= await AcceptedAsync(message, bureau, cancellationToken);
        var signer = Fingerprint.Read(receipt.Signed.CertificateSha256).ToByteString();
        var command = new RecordReceipt(receipt.Content, receipt.Bytes, signer, accepted, attempt);
        var outcome = await recorder.DecideAsync(
            StreamId.Delivery(message, bureau), DeliveryProgress.Waiting, DeliveryProgress.Evolve, state => DeliveryProgress.Decide(state, command),
            new Provenance(caller.Holder.Uri, message), cancellationToken);
        return outcome switch
        {
            Recording<DeliveryProgress>.Recorded recorded => Count(receipt.Content, accepted, recorded),
            Recording<DeliveryProgress>.Repeated repeated => FirstPosition(repeated, receipt.Content.Outcome),
            Recording<DeliveryProgress>.Refused refused => throw new RefusalException(refused.Rejection),
            _ => throw new System.Diagnostics.UnreachableException("A recording has three outcomes."),
        };
    }

    private RefusalException? Unfit(ReceiptReading receipt, string bureau)
    {
        try
        {
            receipt.RequireSigner(bureau, directory.State, node.Anchor, clock.GetUtcNow());
            return null;
        }
        catch (RefusalException refusal)
        {
            return refusal;
        }
    }

    // A receipt that was recorded stays recorded, also when its certificate was revoked before the gateway heard of it.
    private async Task<LogPosition?> EarlierAsync(ReceiptReading receipt, string bureau, CancellationToken cancellationToken)
    {
        await foreach (var recorded in log.ReadStreamAsync(StreamId.Delivery(receipt.Content.MessageId, bureau), null, cancellationToken))
            if (ReceiptIn(recorded)?.Equals(receipt.Bytes) == true)
                return recorded.Position;
        return null;
    }

    private static ByteString? ReceiptIn(RecordedEvent recorded) => EventTypes.Parse(recorded.Type, recorded.Data) switch
    {
        Delivered e => e.Receipt,
        Refused e => e.Receipt,
        Opened e => e.Receipt,
        Quarantined e => e.Receipt,
        RedeliveryEnded e => e.Receipt,
        _ => null,
    };

    private async Task<Accepted> AcceptedAsync(string message, string bureau, CancellationToken cancellationToken)
    {
        if (await parties.FindAsync(message, bureau, cancellationToken) is { } accepted) return accepted;
        throw new RefusalException(Reasons.UnknownMessage, "This bureau is no recipient of a message with that id.", ["message_id"]);
    }

    private static LogPosition FirstPosition(Recording<DeliveryProgress>.Repeated repeated, DeliveryOutcome outcome) =>
        repeated.State.RevisionOf(outcome) is { } revision
            ? repeated.Stream[revision].Position
            : repeated.Stream[^1].Position;

    private LogPosition Count(DeliveryReceipt receipt, Accepted accepted, Recording<DeliveryProgress>.Recorded recorded)
    {
        NodeMetrics.Receipt(receipt.Outcome);
        // Not what was presented again by order: how long ago it was accepted says nothing of how long deliveries take.
        if (recorded.Events[^1].Type == EventTypes.NameOf<Delivered>())
            NodeMetrics.Delivered(accepted.Content.Precedence, clock.GetUtcNow() - accepted.AcceptedAt.ToDateTimeOffset());
        return recorded.At.Position;
    }
}
