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
    private volatile string _state = "starting";

    /// <summary>"running", or why not.</summary>
    public string State => _state;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _state = FollowerState.Running;
        using var gauge = NodeMetrics.ObserveLate(() => clocks.Late());
        using var overdue = NodeMetrics.ObserveOverdue(requests.Overdue);
        await Task.WhenAll(
            GuardAsync("clocks of requests", keeper.RunAsync, stoppingToken), GuardAsync("notices about requests", requestNotices.RunAsync, stoppingToken),
            GuardAsync("escalation", escalator.RunAsync, stoppingToken), GuardAsync("escalation notices", notices.RunAsync, stoppingToken),
            GuardAsync("escalation calls", calls.RunAsync, stoppingToken));
    }

    private async Task GuardAsync(string part, Func<CancellationToken, Task> run, CancellationToken stoppingToken)
    {
        try
        {
            await run(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault)
        {
            // What is due stays due: the next start does it. Until then the node is not ready, and says why.
            _state = $"{part} stopped: {fault.Message}";
            EscalatingLog.PartStopped(logger, part, fault.Message);
        }
    }
}
