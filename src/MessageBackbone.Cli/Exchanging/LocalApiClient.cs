using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Terminal;

namespace MessageBackbone.Cli.Exchanging;

/// <summary>The gateway does not answer, or not in time: whether it did what was asked is not known. Asking again may help.</summary>
internal sealed class GatewayUnreachableException(string problem) : Exception(problem);

/// <summary>The gateway is still fetching what was asked for.</summary>
internal sealed class AttachmentNotHereException(string problem) : Exception(problem);

/// <summary>Asks the local API of the bureau's gateway. Every failure leaves as one line that says what to do next.</summary>
internal sealed class LocalApiClient : IDisposable
{
    private const int LargestAnswer = 8 << 20; // 1 MiB of content is 1.4 MB of base64; escaped text can be six times its size
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    // For what reads or writes a whole file, which may be as large as a disk.
    private static readonly TimeSpan _longPatience = TimeSpan.FromHours(12);

    private readonly GatewayAccess _access;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;
    private bool _otherCertificate;

    private LocalApiClient(GatewayAccess access, TimeProvider clock)
    {
        (_access, _clock) = (access, clock);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = Tls(),
        })
        {
            BaseAddress = access.Address,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LargestAnswer,
        };
        if (access.Token is { } token) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public static LocalApiClient Open(Session session) => Open(GatewayAccess.Find(session), session.Shell.Clock);

    /// <summary>Owns the access.</summary>
    public static LocalApiClient Open(GatewayAccess access, TimeProvider clock) => new(access, clock);

    public Task<JsonElement> GetAsync(string path, CancellationToken stop) => AskAsync(HttpMethod.Get, path, null, _patience, stop);

    /// <summary>A question that the gateway answers only when there is something to say, or after that time.</summary>
    public Task<JsonElement> WaitAsync(string path, TimeSpan wait, CancellationToken stop) =>
        AskAsync(HttpMethod.Get, path, null, wait + _patience, stop);

    public Task<JsonElement> PostAsync(string path, object? body, CancellationToken stop) => AskAsync(HttpMethod.Post, path, body, _patience, stop);

    public Task<JsonElement> DeleteAsync(string path, CancellationToken stop) => AskAsync(HttpMethod.Delete, path, null, _patience, stop);

    /// <summary>For files: the body of the answer is still to be read, and only the caller limits the time. The answer is a good one.</summary>
    public async Task<HttpResponseMessage> StreamAsync(HttpRequestMessage request, CancellationToken stop)
    {
        try
        {
            var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            if (answer.IsSuccessStatusCode) return answer;
            using (answer) throw await LocalApiRefusal.OfAsync(answer, stop);
        }
        catch (HttpRequestException fault)
        {
            throw Explain(fault);
        }
    }

    /// <summary>As <see cref="PostAsync"/>, without a body, for work that may take long.</summary>
    public Task<JsonElement> WorkAsync(string path, CancellationToken stop) => AskAsync(HttpMethod.Post, path, null, _longPatience, stop);

    /// <summary>Reads an answer as it comes, whatever its size.</summary>
    public async Task DownloadAsync(string path, Func<Stream, Task> read, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        await AskAsync(request, HttpCompletionOption.ResponseHeadersRead, _longPatience, async (answer, either) =>
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(either);
            await read(stream);
            return true;
        }, stop);
    }

    /// <summary>Sends so many bytes, whatever their number, and reads the answer.</summary>
    public async Task<JsonElement> UploadAsync(string path, long size, Func<Stream, Task> write, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new WrittenContent(size, write) };
        return await AskAsync(request, HttpCompletionOption.ResponseContentRead, _longPatience, LocalApiJson.ReadAsync, stop);
    }

    public void Dispose()
    {
        _http.Dispose();
        _access.Dispose();
    }

    // Pinned: these very bytes, whatever name or authority they claim. An authority's word would let any of its servers read the bureau's messages.
    private SslClientAuthenticationOptions Tls() => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateContext = _access.Keys is { } keys
            ? SslStreamCertificateContext.Create(keys.Tls, additionalCertificates: null, offline: true) : null,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, shown, _, _) =>
        {
            _otherCertificate = shown is null || !shown.GetRawCertData().AsSpan().SequenceEqual(_access.Pinned);
            return !_otherCertificate;
        },
    };

    private async Task<JsonElement> AskAsync(HttpMethod method, string path, object? body, TimeSpan patience, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body, body.GetType(), options: LocalApiJson.Options);
        return await AskAsync(request, HttpCompletionOption.ResponseContentRead, patience, LocalApiJson.ReadAsync, stop);
    }

    private async Task<T> AskAsync<T>(
        HttpRequestMessage request, HttpCompletionOption until, TimeSpan patience, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken stop)
    {
        using var timeout = new CancellationTokenSource(patience, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            using var answer = await _http.SendAsync(request, until, either.Token);
            return answer.IsSuccessStatusCode
                ? await read(answer, either.Token)
                : throw await LocalApiRefusal.OfAsync(answer, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new GatewayUnreachableException($"The gateway at {_access.Address} did not answer within {patience.TotalSeconds:0} seconds.");
        }
        catch (HttpRequestException fault)
        {
            throw Explain(fault);
        }
    }

    private Exception Explain(HttpRequestException fault)
    {
        if (_otherCertificate)
            return new CommandFailure(
                $"What answers at {_access.Address} does not show the certificate of {_access.PinnedBy}: nothing was sent to it.",
                "Is it the right gateway? Take local-api.pem from its data folder anew.");
        if (fault.InnerException is SocketException refused)
            return new GatewayUnreachableException($"No gateway answers at {_access.Address} ({Plain.Line(refused.Message)}).");
        // With TLS 1.3 a server's refusal of the client certificate comes after the handshake, as a closed connection.
        if (_access.Keys is { } keys)
            return new CommandFailure(
                $"The gateway at {_access.Address} closed the connection: it may not accept the certificate of {keys.Holder.Name}.",
                "Is it that bureau's gateway, and is the certificate valid?");
        return new GatewayUnreachableException($"The connection to the gateway at {_access.Address} broke ({Plain.Line(fault.Message)}).");
    }

    private sealed class WrittenContent : HttpContent
    {
        private readonly long _size;
        private readonly Func<Stream, Task> _write;

        public WrittenContent(long size, Func<Stream, Task> write)
        {
            (_size, _write) = (size, write);
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => _write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = _size;
            return true;
        }
    }
}
