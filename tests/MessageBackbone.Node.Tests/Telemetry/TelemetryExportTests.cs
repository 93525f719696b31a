using System.Diagnostics;
using MessageBackbone.Fixtures;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Telemetry;

public sealed class TelemetryExportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Spans_of_one_trace_and_every_measurement_reach_the_collector()
    {
        await using var collector = await OtlpReceiver.StartAsync(Cancel);
        using var export = new TelemetryExport(new TelemetryOptions { OtlpEndpoint = collector.Endpoint.ToString(), OtlpProtocol = "http/protobuf" }, "node-1");
        await export.StartAsync(Cancel);
        using var transport = NodeMetrics.ObserveTransport(() => [("connected", true), ("blocked", false)]);
        using var observation = NodeMetrics.Observe(() => [new("DE", Precedence.Flash, TimeSpan.FromSeconds(3))]);

        string trace;
        using (var outer = NodeMetrics.Activities.StartActivity("accept"))
        {
            trace = outer!.TraceId.ToHexString();
            using var inner = NodeMetrics.Activities.StartActivity("publish", ActivityKind.Producer);
        }

        NodeMetrics.Accepted(Precedence.Flash);
        NodeMetrics.Refused("MALFORMED");
        NodeMetrics.QuotaExceeded("DE", Precedence.Flash);
        NodeMetrics.TurnedAway(Precedence.Routine);
        NodeMetrics.Waiting(Precedence.Routine, 0);
        NodeMetrics.Planned(2);
        NodeMetrics.Published();
        NodeMetrics.Delivered(Precedence.Flash, TimeSpan.FromMilliseconds(20));
        NodeMetrics.Receipt(DeliveryOutcome.Delivered);
        NodeMetrics.AppendTook(TimeSpan.FromMilliseconds(2));
        await export.StopAsync(Cancel);

        var spans = collector.Spans.Where(s => s.TraceId == trace).ToList();
        Assert.Equal(["accept", "publish"], spans.Select(s => s.Name).Order());
        Assert.All(spans, span => Assert.Equal(("messagebackbone-node", "MessageBackbone"), (span.Service, span.Scope)));
        Assert.Equal(spans.Single(s => s.Name == "accept").SpanId, spans.Single(s => s.Name == "publish").ParentSpanId);
        string[] measured =
        [
            "backbone.accepted", "backbone.accepting.turned_away", "backbone.accepting.waiting", "backbone.append.duration", "backbone.delivered", "backbone.delivery.duration", "backbone.planned",
            "backbone.published", "backbone.quota.exceeded", "backbone.receipts", "backbone.refused", "backbone.transport.state", "backbone.undelivered.age",
        ];
        // Gauges of the nodes of other tests, which run beside this one, are in the same process and are told too.
        Assert.Empty(measured.Except(collector.Metrics.Where(m => m.Scope == NodeMetrics.Source).Select(m => m.Name)));
    }

    [Fact]
    public async Task Without_a_collector_nothing_is_sent_and_stopping_is_immediate()
    {
        using var export = new TelemetryExport(new TelemetryOptions(), "node-1");
        await export.StartAsync(Cancel);
        await export.StopAsync(Cancel);
    }

    [Fact]
    public void A_captured_error_that_nobody_expected_fails_the_test()
    {
        var logs = new CapturedLogs();
        Microsoft.Extensions.Logging.LoggerExtensions.LogError(logs.CreateLogger("room"), "broken {Marker}", "m-1");

        Assert.ThrowsAny<Exception>(logs.AssertNoErrors);
        Assert.ThrowsAny<Exception>(() => logs.AssertNowhere("m-1"));
        logs.Expect(line => line.Category == "room").Dispose();
    }
}
