using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.Domain.Deliveries;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Recording;

/// <summary>Accepts into the log what the house itself sends, each id once, whoever makes it a second time.</summary>
internal sealed class HouseMessages(IEventLog log, EventRecorder recorder, ContentStore content, NodeIdentity node, DeliveringOptions delivering)
{
    /// <summary>The message is on disk when this returns; if its id was taken before, that stands. As for every message: the body first, then the event
    /// that names it, expecting no stream.</summary>
    /// <param name="about">The message that it is about.</param>
    public async Task<LogPosition> AcceptAsync(Envelope envelope, string about, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var facts = FactsOf(envelope, now);
        var header = facts.Content;
        await content.StoreAsync(Fingerprint.Read(header.BodySha256.Span), envelope.Body, header.MessageId, cancellationToken);
        var made = recorder.Prepare(facts, new Provenance(node.Uri, header.MessageId, about));
        var outcome = await recorder.AppendAsync(StreamId.Message(header.MessageId), ExpectedRevision.NoStream, [made], cancellationToken);
        if (outcome is AppendOutcome.Appended at)
        {
            NodeMetrics.Accepted(header.Precedence);
            return at.Position;
        }

        return (await RequireAsync(header.MessageId, cancellationToken)).Position;
    }

    /// <summary>The acceptance of a message; null: there is none.</summary>
    public async Task<RecordedEvent?> FindAsync(string message, CancellationToken cancellationToken)
    {
        await foreach (var recorded in log.ReadStreamAsync(StreamId.Message(message), null, cancellationToken)) return recorded;
        return null;
    }

    /// <summary>The acceptance of a message that is known to have one.</summary>
    /// <exception cref="EventLogUnavailableException">The log does not hold it now.</exception>
    public async Task<RecordedEvent> RequireAsync(string message, CancellationToken cancellationToken) =>
        await FindAsync(message, cancellationToken) ?? throw new EventLogUnavailableException($"The log has no acceptance of message {message}, which an event names.");

    private Accepted FactsOf(Envelope envelope, DateTimeOffset now)
    {
        if (!ReceiptBuilding.TryRead(envelope.Header.Memory, MessageHeader.Parser, out var signed, out var header, out var problem))
            throw new InvalidOperationException($"The message that was just made cannot be read: {problem}");
        return new Accepted
        {
            Header = envelope.Header,
            HeaderSha256 = Fingerprint.Of(envelope.Header.Span).ToByteString(),
            Content = header,
            AcceptedAt = now.ToTimestamp(),
            Node = node.Name,
            SignerSha256 = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(signed.CertificateSha256),
            Recipients = { header.To },
            ExpiresAt = OpenTime.EndOf(header, now, delivering.OpenAtMost),
        };
    }
}
