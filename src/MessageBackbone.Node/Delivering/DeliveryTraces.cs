using System.Diagnostics;
using MessageBackbone.Node.Telemetry;

namespace MessageBackbone.Node.Delivering;

/// <summary>The trace of a delivery. Its id is the <c>delivery_id</c>, so that the gateway can continue it (decision 0052).</summary>
internal static class DeliveryTraces
{
    /// <summary>A W3C traceparent of its own for one presentation, in the message's trace where there is one.</summary>
    public static string New(string? parent)
    {
        using var activity = NodeMetrics.Activities.HasListeners()
            ? NodeMetrics.Activities.StartActivity("backbone.deliver", ActivityKind.Producer, parent)
            : null;
        if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id }) return id;
        var known = ActivityContext.TryParse(parent, null, out var context);
        var trace = known ? context.TraceId : ActivityTraceId.CreateRandom();
        var flags = known ? (byte)context.TraceFlags : 0;
        return $"00-{trace.ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-{flags:x2}";
    }

    /// <summary>Around the recording of a receipt, whatever stream it came on.</summary>
    public static Activity? StartReceipt(string? parent) => NodeMetrics.Activities.HasListeners()
        ? NodeMetrics.Activities.StartActivity("backbone.receipt", ActivityKind.Consumer, parent)
        : null;
}
