using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Gateway.Directory;
using MessageBackbone.Protocol.Identities;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.Connecting;

/// <summary>Has the gateway sign and connect with renewed keys from the next message and call on, without a restart: once the directory holds them all, and
/// before the old ones end.</summary>
internal sealed class KeyWatch(KeyRing keys, DirectoryBook directory, GatewayOptions options, TimeProvider clock, ILogger<KeyWatch> log)
{
    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Asked, not told: notices of the file system get lost on network folders, and where a mounted secret is exchanged as a whole.
        using var timer = new PeriodicTimer(options.KeysReadEvery, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken)) keys.TryReload(log, AreEnrolled);
    }

    // Whatever is signed before would be refused until somebody enrols the certificate.
    private bool AreEnrolled(HolderKeys read)
    {
        if (!directory.Copy.Bureaus.TryGetValue(options.Bureau, out var own)) return false;
        var enrolled = own.Certificates.Where(certificate => certificate.RevokedAt is null).Select(certificate => certificate.Sha256).ToHashSet(StringComparer.Ordinal);
        return ((X509Certificate2?[])[read.Tls, read.Sign, read.Seal]).All(certificate => certificate is null || enrolled.Contains(Digests.Sha256Hex(certificate.RawData)));
    }
}
