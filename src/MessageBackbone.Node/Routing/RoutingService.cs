using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.Node.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing;

/// <summary>Runs planner, publisher and transport from the host's start to its end. A broker that is away holds up none of them.</summary>
internal sealed class RoutingService(Planner planner, Publisher publisher, ILaneTransport transport, ILogger<RoutingService> logger)
    : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly GuardedParts _parts = new((part, reason) => RoutingLog.Stopped(logger, part, reason));
    private Task _running = Task.CompletedTask;
    private IDisposable? _observation;
    private bool _disposed;

    /// <summary>"running", or which part beside the planner has ended and why. The planner tells for itself.</summary>
    public string State => _parts.State;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await transport.StartAsync(cancellationToken);
        _observation = NodeMetrics.ObserveTransport(() => TransportConditions.Of(transport.Condition));
        _running = _parts.RunAsync(_stop.Token, ("planner", planner.RunAsync), ("publisher", PublishAsync), ("declaring of lanes", DeclareAsync));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _observation?.Dispose();
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        // The container knows this object under two registrations, and disposes it for each.
        if (_disposed) return;
        _disposed = true;
        await StopAsync(CancellationToken.None);
        _stop.Dispose();
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        await planner.CaughtUp.WaitAsync(cancellationToken);
        await publisher.RunAsync(cancellationToken);
    }

    private async Task DeclareAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await planner.BureauRegistered.WaitAsync(cancellationToken);
            transport.DeclareNew();
        }
    }
}
