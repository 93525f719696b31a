using MessageBackbone.EndToEnd.Processes;
using MessageBackbone.Fixtures;

namespace MessageBackbone.EndToEnd.Telemetry;

/// <summary>What a collector sees of one message that goes through real processes and a real broker.</summary>
public sealed class OneTraceTests(RabbitMqFixture rabbit) : IClassFixture<RabbitMqFixture>
{
    private const string Node = "messagebackbone-node", Gateway = "messagebackbone-gateway";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_one_trace_from_the_sending_gateway_through_node_and_broker_to_the_receiving_one()
    {
        await using var collector = await OtlpReceiver.StartAsync(Cancel);
        await using var house = await House.OpenAsync(rabbit.Address, node =>
        {
            (node.Telemetry.OtlpEndpoint, node.Telemetry.OtlpProtocol) = (collector.Endpoint.ToString(), "http/protobuf");
            node.Telemetry.MetricsInterval = TimeSpan.FromSeconds(1);
        }, "FR", "DE");
        foreach (var bureau in (string[])["FR", "DE"])
        {
            await house.StartGatewayAsync(bureau, gateway =>
                (gateway.Telemetry.OtlpEndpoint, gateway.Telemetry.OtlpProtocol) = (collector.Endpoint.ToString(), "http/protobuf"));
            await house[bureau].AttendsAsync();
        }

        var id = await house["FR"].SendAsync(new { to = new[] { "DE" }, precedence = "flash", text = "one trace" });
        await house["DE"].InboxHoldsAsync(1);
        await house["DE"].OpenAsync(id);
        await house["DE"].ReceiptedAsync();

        (string Service, string Name)[] steps =
        [
            (Gateway, "send"), (Gateway, "seal"), (Gateway, "submit"), (Node, "backbone.publish"), (Node, "backbone.deliver"), (Gateway, "receive"), (Node, "backbone.receipt"),
        ];
        var trace = await WithinAsync(collector, c => TraceOf(c, steps));
        // The broker's leg: MassTransit's own spans of the send to the lane's exchange and of its consumption.
        Assert.Contains(trace, span => span.Scope == "MassTransit" && span.Service == Node && span.Name.Contains("backbone.lane.DE.flash", StringComparison.Ordinal));
        var ids = trace.Select(span => span.SpanId).ToHashSet();
        Assert.Single(trace, span => span.ParentSpanId.Length == 0 || !ids.Contains(span.ParentSpanId));
    }

    [Fact]
    public async Task Every_step_and_the_age_of_what_waits_is_measured()
    {
        await using var collector = await OtlpReceiver.StartAsync(Cancel);
        await using var house = await House.OpenAsync(rabbit.Address, node =>
        {
            (node.Telemetry.OtlpEndpoint, node.Telemetry.OtlpProtocol) = (collector.Endpoint.ToString(), "http/protobuf");
            node.Telemetry.MetricsInterval = TimeSpan.FromSeconds(1);
        }, "ES", "GB", "JP");
        await house.StartGatewaysAsync("ES", "GB");
        await house["ES"].SendAsync(new { to = new[] { "GB", "JP" }, text = "JP does not attend: one delivery waits" });
        await house["GB"].InboxHoldsAsync(1);
        await house["GB"].ReceiptedAsync();

        string[] wanted =
        [
            "backbone.accepted", "backbone.planned", "backbone.published", "backbone.delivered", "backbone.undelivered.age", "backbone.append.duration",
            "backbone.delivery.duration",
        ];
        await WithinAsync(collector, c => wanted.Except(c.Metrics.Select(metric => metric.Name)).Any() ? null : "all");
    }

    private static async Task<T> WithinAsync<T>(OtlpReceiver collector, Func<OtlpReceiver, T?> look)
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            return await collector.WaitForAsync(look, patience.Token);
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            var traces = collector.Spans.GroupBy(span => span.TraceId).Select(trace => string.Join(", ", trace.Select(span => $"{span.Service[17..]} {span.Name}")));
            Assert.Fail($"Never seen. Traces:\n{string.Join('\n', traces)}\nMetrics: {string.Join(' ', collector.Metrics.Select(metric => metric.Name).Distinct())}");
            throw;
        }
    }

    private static List<ReceivedSpan>? TraceOf(OtlpReceiver collector, (string Service, string Name)[] steps) => collector.Spans.GroupBy(span => span.TraceId)
        .Where(trace => steps.All(step => trace.Any(span => (span.Service, span.Name) == step))).Select(trace => trace.ToList()).FirstOrDefault();
}
