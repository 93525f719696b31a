using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Escalating;

/// <summary>Runs steps, notices and calls from the host's start to its end. Operations and health see its state.</summary>
internal sealed class EscalatingService(
    Escalator escalator, EscalationNotices notices, EscalationCalls calls, ServiceClockQueries clocks, RequestKeeper keeper, RequestNotices requestNotices,
    RequestQueries requests, ILogger<EscalatingService> logger) : BackgroundService
{
    private readonly GuardedParts _parts = new((part, reason) => EscalatingLog.PartStopped(logger, part, reason));

    /// <summary>"running", or why not.</summary>
    public string State => _parts.State;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var gauge = NodeMetrics.ObserveLate(() => clocks.Late());
        using var overdue = NodeMetrics.ObserveOverdue(requests.Overdue);
        await _parts.RunAsync(
            stoppingToken, ("clocks of requests", keeper.RunAsync), ("notices about requests", requestNotices.RunAsync), ("escalation", escalator.RunAsync),
            ("escalation notices", notices.RunAsync), ("escalation calls", calls.RunAsync));
    }
}
