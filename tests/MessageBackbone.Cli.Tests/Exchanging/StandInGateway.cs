using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Cli.Tests.Exchanging;

/// <summary>Answers what a gateway of ours never would: to see what the commands make of it.</summary>
internal sealed class StandInGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;
    private readonly ConcurrentQueue<string> _asked = new();

    private StandInGateway(WebApplication app, X509Certificate2 certificate) => (_app, _certificate) = (app, certificate);

    public Uri Address { get; private set; } = null!;

    public string CertificatePem => _certificate.ExportCertificatePem();

    /// <summary>Method and path of every request that came.</summary>
    public IReadOnlyCollection<string> Asked => _asked;

    public static async Task<StandInGateway> StartAsync(Func<string, (int Status, string Type, string Body)> answer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=stand-in", key, HashAlgorithmName.SHA256);
        var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddMinutes(-5), TimeProvider.System.GetUtcNow().AddDays(1));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var standIn = new StandInGateway(builder.Build(), certificate);
        standIn._app.Run(async context =>
        {
            var asked = $"{context.Request.Method} {context.Request.Path}";
            standIn._asked.Enqueue(asked);
            (context.Response.StatusCode, context.Response.ContentType, var body) = answer(asked);
            await context.Response.WriteAsync(body);
        });
        await standIn._app.StartAsync(TestContext.Current.CancellationToken);
        standIn.Address = new Uri(standIn._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return standIn;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
    }
}
