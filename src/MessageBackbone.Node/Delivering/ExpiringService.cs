using MessageBackbone.Node.Projecting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Runs <see cref="Expiring"/>, <see cref="NonDeliveryReports"/> and <see cref="Recalling"/> from the host's start to its end. Operations and health see its state.</summary>
internal sealed class ExpiringService(Expiring expiring, NonDeliveryReports reports, Recalling recalling, ILogger<ExpiringService> logger) : BackgroundService
{
    private volatile string _state = "starting";

    /// <summary>"running", or why not.</summary>
    public string State => _state;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _state = FollowerState.Running;
        await Task.WhenAll(
            GuardAsync("expiring", expiring.RunAsync, stoppingToken), GuardAsync("non-delivery reports", reports.RunAsync, stoppingToken),
            GuardAsync("recalling", recalling.RunAsync, stoppingToken));
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
            DeliveringLog.PartStopped(logger, part, fault.Message);
        }
    }
}
