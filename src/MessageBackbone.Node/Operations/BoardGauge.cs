using MessageBackbone.Node.Telemetry;
using Microsoft.Extensions.Hosting;

namespace MessageBackbone.Node.Operations;

/// <summary>Lets the gauges of the oldest undelivered and of the quarantined read this node's board while the node runs.</summary>
internal sealed class BoardGauge(BoardView board) : IHostedService
{
    private IDisposable? _observation;
    private IDisposable? _quarantined;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _observation = NodeMetrics.Observe(board.Oldest);
        _quarantined = NodeMetrics.ObserveQuarantined(board.Quarantined);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _observation?.Dispose();
        _quarantined?.Dispose();
        return Task.CompletedTask;
    }
}
