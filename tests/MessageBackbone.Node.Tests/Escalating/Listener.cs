using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Escalating;

/// <summary>A duty desk's own HTTPS server, with an authority of its own: what it was told, and whatever a test lets it answer.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2 _ca, _server;
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("listener-");

    private Listener(Func<Listener, HttpContext, Task> answer, string host)
    {
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        var ca = new CertificateRequest("CN=Desk authority", caKey, HashAlgorithmName.SHA256);
        ca.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _ca = ca.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        _server = Issue(_ca, "CN=desk", host, "1.3.6.1.5.5.7.3.1", now);
        CaFile = Write("ca.pem", _ca.ExportCertificatePem());
        using var client = Issue(_ca, "CN=node", host, "1.3.6.1.5.5.7.3.2", now);
        (ClientCertificate, ClientKey) = (Write("client.pem", client.ExportCertificatePem()), Write("client.key", client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = _server,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                ClientCertificateValidation = (_, _, _) => true,
            })));
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            Told.Enqueue(new Call(context.Request.Method, context.Request.Path, context.Request.Headers["Idempotency-Key"].ToString(), body.RootElement.Clone(),
                context.Connection.ClientCertificate?.Subject));
            await answer(this, context);
        });
    }

    public ConcurrentQueue<Call> Told { get; } = [];

    public string CaFile { get; }

    public string ClientCertificate { get; }

    public string ClientKey { get; }

    public string Url { get; private set; } = "";

    /// <param name="answer">What it does with a call, which is in <see cref="Told"/> already.</param>
    /// <param name="host">The name in its certificate.</param>
    public static async Task<Listener> OpenAsync(Func<Listener, HttpContext, Task> answer, string host = "127.0.0.1")
    {
        var listener = new Listener(answer, host);
        await listener._app.StartAsync();
        listener.Url = listener._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()
            + "/escalations";
        return listener;
    }

    public static Task<Listener> OpenAsync(params int[] statuses) => OpenAsync((listener, context) =>
    {
        context.Response.StatusCode = statuses[Math.Min(listener.Told.Count, statuses.Length) - 1];
        return Task.CompletedTask;
    });

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _ca.Dispose();
        _server.Dispose();
        _folder.Delete(recursive: true);
    }

    private static X509Certificate2 Issue(X509Certificate2 ca, string subject, string host, string use, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (System.Net.IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
        else names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        using var bare = request.Create(ca, now.AddDays(-1), now.AddDays(1), Guid.CreateVersion7(now).ToByteArray());
        return bare.CopyWithPrivateKey(key);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    internal sealed record Call(string Method, string Path, string Key, JsonElement Body, string? Client);
}
