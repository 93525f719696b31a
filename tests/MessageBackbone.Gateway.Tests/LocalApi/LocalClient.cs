using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MessageBackbone.Gateway.Tests.Running;

namespace MessageBackbone.Gateway.Tests.LocalApi;

/// <summary>An answer of the local API.</summary>
internal sealed record LocalAnswer(int Status, string MediaType, HttpResponseHeaders Headers, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string? Reason => Json.GetProperty("reason").GetString();

    public string[] Fields => [.. Json.GetProperty("fields").EnumerateArray().Select(f => f.GetString()!)];

    public string? this[string name] => Json.GetProperty(name).ToString();
}

/// <summary>A program of the bureau: pins the gateway's certificate, and shows the token or a certificate of its own.</summary>
internal sealed class LocalClient : IDisposable
{
    private readonly HttpClient _http;

    public LocalClient(RunningGateway gateway, bool token = true, X509Certificate2? certificate = null)
    {
        using var pinned = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(gateway.Options.DataFolder, "local-api.pem")));
        var expected = pinned.RawData;
        var tls = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetRawCertData().AsSpan().SequenceEqual(expected) == true,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
        };
        _http = new HttpClient(new SocketsHttpHandler { SslOptions = tls, UseProxy = false, AllowAutoRedirect = false }) { BaseAddress = gateway.Host.LocalAddress };
        if (token) Token = File.ReadAllText(gateway.Options.OwnTokenFile).Trim();
    }

    public string? Token { get; set; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Task<LocalAnswer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<LocalAnswer> PostAsync(string path, object body) => SendAsync(HttpMethod.Post, path, JsonContent.Create(body));

    public Task<LocalAnswer> PostTextAsync(string path, string json, string type = "application/json") =>
        SendAsync(HttpMethod.Post, path, new StringContent(json, Encoding.UTF8, type));

    public async Task<LocalAnswer> SendAsync(HttpMethod method, string path, HttpContent? body = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (Token is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        change?.Invoke(request);
        using var answer = await _http.SendAsync(request, Cancel);
        return new LocalAnswer((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType ?? "", answer.Headers, await answer.Content.ReadAsStringAsync(Cancel));
    }

    public void Dispose() => _http.Dispose();
}
