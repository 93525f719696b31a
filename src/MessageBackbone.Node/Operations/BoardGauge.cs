using MessageBackbone.Node.Telemetry;
using Microsoft.Extensions.Hosting;

namespace MessageBackbone.Node.Operations;

/// <summary>Lets the gauge of the oldest undelivered read this node's board while the node runs.</summary>
internal sealed class BoardGauge(BoardView board) : IHostedService
{
    private IDisposable? _observation;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _observation = NodeMetrics.Observe(board.Oldest);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _observation?.Dispose();
        return Task.CompletedTask;
    }
}
