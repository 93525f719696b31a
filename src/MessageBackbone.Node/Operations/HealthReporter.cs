using MessageBackbone.GrpcServices;
using Microsoft.Extensions.Hosting;

namespace MessageBackbone.Node.Operations;

/// <summary>Tells <c>grpc.health.v1</c> whether the node is ready. The services share its fate: none of them works without the log.</summary>
internal sealed class HealthReporter(Readiness readiness, HealthService health, OperationsOptions options, TimeProvider clock) : BackgroundService
{
    private static readonly string[] Names =
    [
        "", "backbone.v1.ExchangeService", "backbone.v1.DeliveryService", "backbone.v1.DirectoryService", "backbone.v1.AuditService",
        "backbone.v1.LedgerService", "backbone.v1.OperationsService",
    ];

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Tell(ready: false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.HealthInterval, clock);
        do
        {
            Tell((await readiness.CheckAsync(stoppingToken)).Ready);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Tell(bool ready)
    {
        foreach (var name in Names) health.Set(name, ready);
    }
}
