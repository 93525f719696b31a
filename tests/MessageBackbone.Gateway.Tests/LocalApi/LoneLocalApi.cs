using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MessageBackbone.Gateway.Inbox;
using MessageBackbone.Gateway.LocalApi;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Gateway.Tests.LocalApi;

/// <summary>The local API of a gateway that has no node; what arrives, the test puts into its inbox.</summary>
internal sealed class LoneLocalApi : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly GatewayParts _parts;
    private readonly LocalServer _server;
    private readonly HttpClient _http;

    private LoneLocalApi(TemporaryFolder folder, GatewayParts parts, LocalServer server)
    {
        (_folder, _parts, _server) = (folder, parts, server);
        using var pinned = X509Certificate2.CreateFromPem(System.IO.File.ReadAllText(Path.Combine(parts.Options.DataFolder, "local-api.pem")));
        var expected = pinned.RawData;
        _http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new() { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetRawCertData().SequenceEqual(expected) == true },
        });
        _http.BaseAddress = server.Address;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", System.IO.File.ReadAllText(parts.Options.OwnTokenFile).Trim());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<LoneLocalApi> StartAsync(int localRequests = 256, TimeProvider? clock = null)
    {
        var folder = new TemporaryFolder();
        using (var ca = CertificateAuthority.Create("Test authority", TimeProvider.System.GetUtcNow()))
        {
            await System.IO.File.WriteAllTextAsync(folder.File("ca.pem"), ca.CertificatePem, Cancel);
            System.IO.Directory.CreateDirectory(folder.File("FR"));
            foreach (var (name, text) in ca.IssueAll(Holder.Bureau("FR"), TimeProvider.System.GetUtcNow()).Files)
                await System.IO.File.WriteAllTextAsync(Path.Combine(folder.File("FR"), name), text, Cancel);
        }
        var options = new GatewayOptions
        {
            Bureau = "FR",
            DataFolder = folder.File("data"),
            PkiFolder = folder.Path,
            Listen = new Uri("https://127.0.0.1:0"),
            LocalRequests = localRequests,
        };
        var parts = GatewayParts.Build(options, clock ?? TimeProvider.System, NullLoggerFactory.Instance);
        return new LoneLocalApi(folder, parts, await LocalServer.StartAsync(parts, NullLoggerFactory.Instance, Cancel));
    }

    public string File(string name) => Path.Combine(_parts.Options.DataFolder, name);

    /// <summary>What a new connection is shown.</summary>
    public async Task<byte[]> CertificateAsync()
    {
        byte[] certificate = [];
        using var line = new TcpClient();
        await line.ConnectAsync(_server.Address.Host, _server.Address.Port, Cancel);
        await using var tls = new SslStream(line.GetStream(), leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, shown, _, _) => (certificate = shown?.GetRawCertData() ?? []).Length > 0,
            }, Cancel);
        return certificate;
    }

    /// <summary>Status and JSON of the answer.</summary>
    public async Task<(int Status, JsonElement Body)> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(path, Cancel);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(Cancel));
        return ((int)answer.StatusCode, document.RootElement.Clone());
    }

    /// <summary>Stores it and tells so, as the attendance does.</summary>
    public async Task ArriveAsync(
        MessageId id, string kind = "text", Precedence precedence = Precedence.Routine, DeliveryOutcome outcome = DeliveryOutcome.Delivered)
    {
        var now = TimeProvider.System.GetUtcNow();
        var arrival = new Arrival(
            id.Value, (int)outcome, "", "DE", (int)precedence, kind, "", "", id.Value, false, 1, 1, now, Digests.Sha256([1]), [], [1], [1]);
        await _parts.Inbox.KeepAsync(arrival, [1], () => throw new InvalidOperationException("There is no conflict here."), Cancel);
        _parts.Observers.Tell(new GatewayEvent.Received(id, BureauCode.Parse("DE"), precedence, outcome, "", 1, 1, Repeated: false, now));
    }

    public IDisposable Observe(Action<GatewayEvent> observer) => _parts.Observers.Add(observer);

    public Task StopAsync() => _server.DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        await _parts.DisposeAsync();
        _folder.Dispose();
    }
}
