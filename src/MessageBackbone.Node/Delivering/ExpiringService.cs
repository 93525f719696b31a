using MessageBackbone.Node.Projecting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Delivering;

/// <summary>Runs <see cref="Expiring"/>, <see cref="Closing"/>, <see cref="NonDeliveryReports"/> and <see cref="Recalling"/> from
/// the host's start to its end. Operations and health see its state.</summary>
internal sealed class ExpiringService(
    Expiring expiring, Closing closing, NonDeliveryReports reports, Recalling recalling, ILogger<ExpiringService> logger) : BackgroundService
{
    private readonly GuardedParts _parts = new((part, reason) => DeliveringLog.PartStopped(logger, part, reason));

    /// <summary>"running", or why not.</summary>
    public string State => _parts.State;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _parts.RunAsync(
        stoppingToken, ("expiring", expiring.RunAsync), ("ending for closed bureaus", closing.RunAsync), ("non-delivery reports", reports.RunAsync),
        ("recalling", recalling.RunAsync));
}
