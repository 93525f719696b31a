using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Hosting;

/// <summary>Has the node use renewed certificates and a new revocation list without a restart, which would end every gateway's stream.</summary>
internal sealed class KeyWatch(NodeIdentity identity, NodeOptions options, TimeProvider clock, ILogger<KeyWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Asked, not told: notices of the file system get lost on network folders, and where a mounted secret is exchanged as a whole.
        using var timer = new PeriodicTimer(options.KeysReadEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) Look();
    }

    private void Look()
    {
        try
        {
            if (identity.Reload()) HostingLog.KeysRead(logger, identity.Name);
        }
        catch (Exception fault) when (
            fault is ValidationException or ArgumentException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            // A certificate whose key is not written yet is one of them: the next look finds both.
            HostingLog.KeysNotRead(logger, fault.Message);
        }
    }
}
