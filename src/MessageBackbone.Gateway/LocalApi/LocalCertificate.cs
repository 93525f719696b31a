using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Gateway.LocalApi;

/// <summary>The local API's certificate as its files say now: exchanged or renewed, it is shown from the next connection on, and no open one ends.</summary>
/// <remarks>The files are looked at when somebody connects, at most every ten seconds. What cannot be used is logged, and the one before goes on. Safe for
/// concurrent use.</remarks>
internal sealed class LocalCertificate : IDisposable
{
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);
    private readonly Lock _gate = new();
    private readonly List<X509Certificate2> _shown = [];
    private readonly string _folder;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private long _looked;

    public LocalCertificate(string folder, TimeProvider clock, ILogger log)
    {
        (_folder, _clock, _log) = (folder, clock, log);
        _shown.Add(LocalSecrets.ServerCertificate(folder, clock.GetUtcNow()));
        _looked = clock.GetTimestamp();
    }

    public X509Certificate2 Current()
    {
        lock (_gate)
        {
            if (_clock.GetElapsedTime(_looked) >= LookAgainAfter) Look();
            return _shown[^1];
        }
    }

    public void Dispose()
    {
        foreach (var certificate in _shown) certificate.Dispose();
    }

    private void Look()
    {
        _looked = _clock.GetTimestamp();
        try
        {
            var read = LocalSecrets.ServerCertificate(_folder, _clock.GetUtcNow());
            // Those before stay: a handshake under way may use them.
            if (read.RawDataMemory.Span.SequenceEqual(_shown[^1].RawDataMemory.Span)) read.Dispose();
            else _shown.Add(read);
        }
        catch (Exception fault) when (
            fault is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            // A certificate whose key is not written yet is one of them: the next look finds both.
            GatewayLog.KeysNotRead(_log, fault.Message);
        }
    }
}
