using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MessageBackbone.Node.Escalating;

/// <summary>What one call came to.</summary>
/// <param name="Outcome">An HTTP status like "202", or a word: "timeout", "tls", "unreachable".</param>
internal readonly record struct CallAnswer(bool Accepted, string Outcome);

/// <summary>The connection to one configured listener: HTTPS to its address and nowhere else, trusting the configured authority only.</summary>
internal sealed class CallClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _address;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;

    /// <exception cref="CryptographicException">A file holds no certificate or no fitting key.</exception>
    public CallClient(CallOptions options, TimeSpan timeout, TimeProvider clock)
    {
        (_address, _timeout, _clock) = (options.Address, timeout, clock);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = timeout,
            MaxConnectionsPerServer = CallLine.AtOnce,
            MaxResponseHeadersLength = 16,
            // The answer's body is not read: a connection that has one is closed.
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = Tls(options),
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>One try, bounded in time. What the listener says beside its status is not looked at.</summary>
    /// <param name="key">The same for every try of one call, so that the listener can tell a repeat.</param>
    public async Task<CallAnswer> PostAsync(byte[] json, string key, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Idempotency-Key", key);
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return new(answer.IsSuccessStatusCode, ((int)answer.StatusCode).ToString());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(false, "timeout");
        }
        catch (HttpRequestException fault)
        {
            return new(false, fault.InnerException is AuthenticationException ? "tls" : "unreachable");
        }
    }

    public void Dispose() => _http.Dispose();

    private static SslClientAuthenticationOptions Tls(CallOptions options)
    {
        var chain = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            DisableCertificateDownloads = true,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        chain.CustomTrustStore.ImportFromPemFile(options.CaFile);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = chain, ClientCertificateContext = Shown(options) };
    }

    private static SslStreamCertificateContext? Shown(CallOptions options) => options.ClientCertificate.Length == 0
        ? null
        : SslStreamCertificateContext.Create(
            X509Certificate2.CreateFromPemFile(options.ClientCertificate, options.ClientKey), additionalCertificates: null, offline: true);
}
