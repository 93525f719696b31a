using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MessageBackbone.Gateway;

/// <summary>The gateway's spans. A message is one trace: compose, seal, submit here, the node's own spans, receive and open at the recipient.</summary>
internal static class GatewayTelemetry
{
    /// <summary>Not the node's: where both run in one process, each exports its own.</summary>
    public const string SourceName = "MessageBackbone.Gateway";

    public static readonly ActivitySource Source = new(SourceName);

    /// <summary>A parent that came from outside; none where it is not a W3C traceparent.</summary>
    public static ActivityContext Parent(string? traceparent) =>
        ActivityContext.TryParse(traceparent, traceState: null, isRemote: true, out var context) ? context : default;
}

/// <summary>What a gateway counts. Tags are the bureau, reasons and precedences: no ids, no names.</summary>
internal sealed class GatewayMeter : IDisposable
{
    public const string Name = "MessageBackbone.Gateway";

    private readonly Meter _meter = new(Name);
    private readonly KeyValuePair<string, object?> _bureau;
    private readonly Counter<long> _composed;
    private readonly Counter<long> _accepted;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _doubts;
    private readonly Counter<long> _received;
    private readonly Counter<long> _receipts;
    private readonly Histogram<double> _acceptSeconds;
    private readonly Histogram<double> _endToEndSeconds;

    public GatewayMeter(string bureau, Func<long> waiting, Func<long> receiptsToSend)
    {
        _bureau = new("bureau", bureau);
        _composed = _meter.CreateCounter<long>("backbone.gateway.composed", "{message}", "Messages made durable in the outbox");
        _accepted = _meter.CreateCounter<long>("backbone.gateway.accepted", "{message}", "Messages whose acceptance is verified and stored");
        _refused = _meter.CreateCounter<long>("backbone.gateway.refused", "{message}", "Messages refused for good, by reason");
        _doubts = _meter.CreateCounter<long>("backbone.gateway.submitted_again", "{submission}", "Submissions that ended in doubt and were repeated");
        _received = _meter.CreateCounter<long>("backbone.gateway.received", "{message}", "Deliveries, by outcome and whether they were repeats");
        _receipts = _meter.CreateCounter<long>("backbone.gateway.receipts_recorded", "{receipt}", "Own receipts that the node recorded");
        _acceptSeconds = _meter.CreateHistogram<double>("backbone.gateway.accept.duration", "s", "From durable in the outbox to the stored acceptance");
        _endToEndSeconds = _meter.CreateHistogram<double>("backbone.gateway.end_to_end.duration", "s", "From the sender's created_at to durable in the inbox");
        _meter.CreateObservableGauge("backbone.gateway.outbox_waiting", () => new Measurement<long>(waiting(), _bureau), "{message}", "Messages without an answer");
        _meter.CreateObservableGauge("backbone.gateway.receipts_to_send", () => new Measurement<long>(receiptsToSend(), _bureau), "{receipt}", "Receipts not recorded");
    }

    public void Composed() => _composed.Add(1, _bureau);

    public void Accepted(TimeSpan took)
    {
        _accepted.Add(1, _bureau);
        _acceptSeconds.Record(took.TotalSeconds, _bureau);
    }

    public void Refused(string reason) => _refused.Add(1, _bureau, new("reason", reason));

    public void Doubted() => _doubts.Add(1, _bureau);

    public void Received(string outcome, bool repeated, string precedence, TimeSpan? took)
    {
        _received.Add(1, _bureau, new("outcome", outcome), new("repeated", repeated));
        if (took is { } known) _endToEndSeconds.Record(known.TotalSeconds, _bureau, new("precedence", precedence));
    }

    public void ReceiptRecorded() => _receipts.Add(1, _bureau);

    public void Dispose() => _meter.Dispose();
}
