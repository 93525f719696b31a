using System.Diagnostics;

namespace MessageBackbone.Node.Routing;

/// <summary>The routing part of a message's trace.</summary>
internal static class RoutingTraces
{
    public static Activity? StartPublishing(this ActivitySource traces, PlanRow row)
    {
        if (!traces.HasListeners()) return null;
        var activity = traces.StartActivity("backbone.publish", ActivityKind.Producer, row.TraceParent);
        activity?.SetTag("backbone.message_id", row.MessageText);
        activity?.SetTag("backbone.lane", row.Lane.ToString());
        return activity;
    }
}
