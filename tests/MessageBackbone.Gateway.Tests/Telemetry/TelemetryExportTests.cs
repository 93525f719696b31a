using MessageBackbone.Gateway.Tests.Running;

namespace MessageBackbone.Gateway.Tests.Telemetry;

/// <summary>Spans are the process's: beside other tests, theirs would arrive here too.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class TelemetryExportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_one_trace_and_every_measurement_reaches_the_collector_once()
    {
        await using var collector = await OtlpReceiver.StartAsync(Cancel);
        void Export(GatewayOptions options) => (options.Telemetry.OtlpEndpoint, options.Telemetry.OtlpProtocol) = (collector.Endpoint.ToString(), "http/protobuf");
        await using (var house = await GatewayHouse.OpenAsync("FR", "DE"))
        {
            var (france, germany) = (await house.AttendAsync("FR", Export), await house.AttendAsync("DE", Export));
            var id = await france.SendAsync("DE");
            await france.AcceptedAsync(id);
            await germany.ReceivesAsync(id);
            await germany.Host.OpenAsync(id, "officer-1", Cancel);
            await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Outcome == V1.DeliveryOutcome.Opened);
        }

        var spans = collector.Spans.Where(s => s.Scope == GatewayTelemetry.SourceName).ToList();
        Assert.All(spans, span => Assert.Equal("messagebackbone-gateway", span.Service));
        Assert.Equal(spans.Count, spans.Select(s => s.SpanId).Distinct().Count());
        var send = spans.Single(s => s.Name == "send");
        var compose = spans.Single(s => s.Name == "compose" && s.TraceId == send.TraceId);
        Assert.Equal(send.SpanId, compose.ParentSpanId);
        Assert.Equal(compose.SpanId, spans.Single(s => s.Name == "seal" && s.TraceId == send.TraceId).ParentSpanId);
        Assert.Contains(spans, s => s.Name == "submit" && s.TraceId == send.TraceId);
        Assert.Contains(spans, s => s.Name == "open");
        string[] measured =
        [
            "backbone.gateway.accept.duration", "backbone.gateway.accepted", "backbone.gateway.composed", "backbone.gateway.end_to_end.duration",
            "backbone.gateway.outbox_waiting", "backbone.gateway.received", "backbone.gateway.receipts_recorded", "backbone.gateway.receipts_to_send",
        ];
        Assert.Subset(collector.Metrics.Where(m => m.Scope == GatewayMeter.Name).Select(m => m.Name).ToHashSet(), measured.ToHashSet());
    }

    [Fact]
    public async Task A_message_is_one_trace_from_the_sender_to_the_recipient()
    {
        await using var collector = await OtlpReceiver.StartAsync(Cancel);
        void Export(GatewayOptions options) => (options.Telemetry.OtlpEndpoint, options.Telemetry.OtlpProtocol) = (collector.Endpoint.ToString(), "http/protobuf");
        await using (var house = await GatewayHouse.OpenAsync(node => (node.Telemetry.OtlpEndpoint, node.Telemetry.OtlpProtocol) = (collector.Endpoint.ToString(), "http/protobuf"), "FR", "DE"))
        {
            var (france, germany) = (await house.AttendAsync("FR", Export), await house.AttendAsync("DE"));
            var id = await france.SendAsync("DE");
            await germany.ReceivesAsync(id);
            await germany.SeesAsync<GatewayEvent.ReceiptRecorded>();
        }

        var send = collector.Spans.Single(s => s.Name == "send");
        var trace = collector.Spans.Where(s => s.TraceId == send.TraceId).ToList();
        Assert.Contains(trace, s => s.Name == "receive");
        Assert.Contains(trace, s => s.Service == "messagebackbone-node");
    }

    [Fact]
    public async Task Without_a_collector_nothing_is_exported_and_stopping_is_immediate()
    {
        Assert.Null(Gateway.Telemetry.TelemetryExport.Open(new Gateway.Telemetry.GatewayTelemetryOptions(), "FR"));
        await using var house = await GatewayHouse.OpenAsync("FR");
        var gateway = await house.StartAsync("FR");
        await gateway.Host.StopAsync().WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }
}
