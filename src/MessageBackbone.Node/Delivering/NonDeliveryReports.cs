using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging;
using RecordedEvent = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Delivering;

/// <summary>Tells senders what did not reach a recipient: an ordinary message for each delivery that expired or that an operator
/// refused, accepted into the log once.</summary>
/// <remarks>The plan owes a report from the end of a delivery until the report's acceptance. Its id is that of the event which it reports, so that
/// whoever makes it a second time, after a crash or on another node, finds its stream taken.</remarks>
internal sealed class NonDeliveryReports(
    Plan plan, Planner planner, IEventLog log, EventRecorder recorder, ContentStore content, NodeIdentity node, DeliveringOptions options,
    TimeProvider clock, ILogger<NonDeliveryReports> logger)
{
    private const int Page = 64;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await planner.CaughtUp.WaitAsync(cancellationToken);
        await new PlanWork(planner, plan.Reports, options.DeadlinesLookedAtEvery, clock, logger).RunAsync(ReportPageAsync, () => null, cancellationToken);
    }

    private async Task<LogPosition?> ReportPageAsync(CancellationToken cancellationToken)
    {
        var reports = await Task.WhenAll(plan.Ask.OwedReports(Page).Select(owed => ReportAsync(owed, cancellationToken)));
        return reports.Length == 0 ? null : reports.Max();
    }

    private async Task<LogPosition> ReportAsync(OwedReport owed, CancellationToken cancellationToken)
    {
        var id = MessageId.Parse(owed.EventId.ToString("D"));
        if (await FirstAsync(id.Value, cancellationToken) is { } before) return before.Position;
        var ended = await log.ReadAtAsync(owed.Position, cancellationToken) ?? throw Missing($"at position {owed.Position}");
        var report = Report(EventTypes.Parse(ended.Type, ended.Data));
        var accepted = await FirstAsync(report.MessageId, cancellationToken) ?? throw Missing($"of message {report.MessageId}");
        var message = Accepted.Parser.ParseFrom(accepted.Data.Span);
        report.HeaderSha256 = message.HeaderSha256;
        var now = clock.GetUtcNow();
        var envelope = NonDelivery.Compose(report, message.Content, BureauCode.Parse(node.House), node.Sign, id, now);
        return await AcceptAsync(FactsOf(envelope, now), envelope, report.MessageId, cancellationToken);
    }

    private static NonDeliveryReport Report(IMessage end) => end switch
    {
        Expired e => new NonDeliveryReport { MessageId = e.MessageId, Recipient = e.Recipient, Reason = Reasons.Expired, At = e.At },
        RefusedByOperator e => new NonDeliveryReport { MessageId = e.MessageId, Recipient = e.Recipient, Reason = Reasons.Quarantined, At = e.At },
        _ => throw new InvalidOperationException($"The plan owes a report of {end.Descriptor.FullName}, which ends no delivery."),
    };

    // As every message: the body first, then the event that names it, expecting no stream.
    private async Task<LogPosition> AcceptAsync(Accepted facts, Envelope envelope, string about, CancellationToken cancellationToken)
    {
        var header = facts.Content;
        await content.StoreAsync(Fingerprint.Read(header.BodySha256.Span), envelope.Body, header.MessageId, cancellationToken);
        var made = recorder.Prepare(facts, new Provenance(node.Uri, header.MessageId, about));
        var outcome = await recorder.AppendAsync(StreamId.Message(header.MessageId), ExpectedRevision.NoStream, [made], cancellationToken);
        if (outcome is AppendOutcome.Appended at)
        {
            NodeMetrics.Accepted(header.Precedence);
            return at.Position;
        }
        return (await FirstAsync(header.MessageId, cancellationToken) ?? throw Missing($"of message {header.MessageId}")).Position;
    }

    private Accepted FactsOf(Envelope envelope, DateTimeOffset now)
    {
        if (!ReceiptBuilding.TryRead(envelope.Header.Memory, MessageHeader.Parser, out var signed, out var header, out var problem))
            throw new InvalidOperationException($"The report that was just made cannot be read: {problem}");
        return new Accepted
        {
            Header = envelope.Header,
            HeaderSha256 = Fingerprint.Of(envelope.Header.Span).ToByteString(),
            Content = header,
            AcceptedAt = now.ToTimestamp(),
            Node = node.Name,
            SignerSha256 = UnsafeByteOperations.UnsafeWrap(signed.CertificateSha256),
            Recipients = { header.To },
        };
    }

    private async Task<RecordedEvent?> FirstAsync(string message, CancellationToken cancellationToken)
    {
        await foreach (var recorded in log.ReadStreamAsync(StreamId.Message(message), null, cancellationToken)) return recorded;
        return null;
    }

    private static EventLogUnavailableException Missing(string what) => new($"The log has no event {what}, which the plan names.");
}
