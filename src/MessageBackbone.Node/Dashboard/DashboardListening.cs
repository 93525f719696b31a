using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace MessageBackbone.Node.Dashboard;

/// <summary>How the dashboard's port is opened; the host knows the node's keys.</summary>
internal sealed record DashboardListening(Action<KestrelServerOptions> Configure);
