using Google.Protobuf;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Routing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Makes a delivery ready: counts the attempt in the plan, then fetches what the reference only names.</summary>
internal sealed class Presenting(
    Plan plan, IEventLog log, ContentStore content, AcceptanceReceipts receipts, DeliveringOptions options, TimeProvider clock,
    ILogger<Presenting> logger)
{
    /// <returns>Null: the delivery is final or about to expire, there is nothing to present.</returns>
    /// <exception cref="EventLogUnavailableException">The log cannot be read; the stream ends and the gateway comes back.</exception>
    public async Task<ReadyDelivery?> PrepareAsync(LaneKey lane, ulong sequence, string? traceParent, CancellationToken cancellationToken)
    {
        if (await plan.PresentAsync(lane, sequence, clock.GetUtcNow(), cancellationToken) is not { } presentation) return null;
        var row = presentation.Row;
        var stored = await log.ReadAtAsync(row.Position, cancellationToken)
            ?? throw new EventLogUnavailableException($"The log has no event at position {row.Position}, which the plan names.");
        // A row of an alternate is there because the message was redirected to it.
        var accepted = Redirection.Including(Accepted.Parser.ParseFrom(stored.Data.Span), lane.Bureau);
        var trace = DeliveryTraces.New(traceParent ?? row.TraceParent);
        var frame = new Delivery
        {
            DeliveryId = trace,
            Envelope = new Envelope { Header = accepted.Header, Body = Body(accepted.Content) },
            Position = stored.Position.Value,
            Attempt = presentation.Attempt,
            PossibleDuplicate = presentation.PossibleDuplicate,
            Acceptance = receipts.Of(stored),
            Sequence = sequence,
            Skipped = { presentation.Skipped },
        };
        // Kept as long as the delivery is in hand: without the header's bytes, which only the frame needs.
        accepted.Header = ByteString.Empty;
        return new ReadyDelivery(presentation, frame, accepted, trace);
    }

    // A large body is fetched by the gateway, so that a large ROUTINE one never holds up a FLASH.
    private ByteString Body(MessageHeader header)
    {
        if (header.BodySize > (ulong)options.InlineBytes) return ByteString.Empty;
        if (content.ReadAll(Fingerprint.Read(header.BodySha256.Span)) is { } bytes) return UnsafeByteOperations.UnsafeWrap(bytes);
        // Without it, as a large one: the gateway asks for it by its hash, and one lost body costs one place of its lane. Ending the stream would bring
        // the same delivery first again and stop the whole bureau.
        DeliveringLog.BodyLost(logger, header.MessageId, header.From);
        return ByteString.Empty;
    }
}
