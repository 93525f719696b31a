using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessageBackbone.Browser.Houses;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Browser.Entering;

/// <summary>A proxy that signs people in: its headers count with its certificate, and with nothing else.</summary>
public sealed class ProxyTests : IAsyncLifetime
{
    private readonly X509Certificate2 _proxy = SelfSigned("CN=proxy.example"), _other = SelfSigned("CN=other.example");
    private Watch? _watch;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _watch = await Watch.OpenAsync(options => options.Dashboard.Proxy.CertificateSha256 = Digests.Sha256Hex(_proxy.RawData));
        await _watch.House.AddAsync(Watch.Operator);
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null) await _watch.DisposeAsync();
        _proxy.Dispose();
        _other.Dispose();
    }

    [Theory]
    [InlineData("operator", "", HttpStatusCode.OK)]
    [InlineData("operator", "revoke", HttpStatusCode.Forbidden)]
    [InlineData("secretariat", "revoke", HttpStatusCode.OK)]
    [InlineData("auditor", "operations", HttpStatusCode.Forbidden)]
    [InlineData("bureau", "", HttpStatusCode.Unauthorized)]
    [InlineData("node", "", HttpStatusCode.Unauthorized)]
    public async Task Its_headers_say_who_it_is(string role, string page, HttpStatusCode expected)
    {
        var (status, text) = await AskAsync(_proxy, page, ("X-Backbone-Name", "night-desk"), ("X-Backbone-Role", role));

        Assert.Equal(expected, status);
        if (expected == HttpStatusCode.OK) Assert.Contains("night-desk", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_headers_or_with_one_twice_nobody_is_signed_in()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(_proxy, "")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(_proxy, "", ("X-Backbone-Name", "night-desk"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(
            _proxy, "", ("X-Backbone-Name", "night-desk"), ("X-Backbone-Role", "operator"), ("X-Backbone-Role", "secretariat"))).Status);
    }

    [Fact]
    public async Task The_same_headers_with_another_certificate_or_with_none_are_not_read()
    {
        (string, string)[] said = [("X-Backbone-Name", "secretariat"), ("X-Backbone-Role", "secretariat")];

        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(_other, "revoke", said)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(null, "revoke", said)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(_watch!.House["operator-1"].Keys.Tls, "revoke", said)).Status);
    }

    private static X509Certificate2 SelfSigned(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
    }

    private async Task<(HttpStatusCode Status, string Text)> AskAsync(X509Certificate2? certificate, string page, params (string Name, string Value)[] headers)
    {
        using var handler = Party.NewHandler(certificate, _watch!.House.Anchor, _watch.House.Clock);
        handler.SslOptions.ApplicationProtocols = null;
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_watch.Secure, $"/{page}"));
        request.Headers.Add("Accept", "text/html");
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        using var answer = await http.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
