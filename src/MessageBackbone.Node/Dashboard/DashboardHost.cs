using System.Net;
using MessageBackbone.Node.Dashboard.Pages;
using MessageBackbone.Node.Dashboard.Reading;
using MessageBackbone.Node.Dashboard.Serving;
using MessageBackbone.Node.Dashboard.SignIn;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Radzen;

namespace MessageBackbone.Node.Dashboard;

/// <summary>Serves the dashboard on a listener of its own, apart from the gRPC port: other protocols, other limits, other guests.</summary>
internal sealed class DashboardHost(DashboardOptions options, DashboardRooms rooms, DashboardListening listening, ILoggerFactory logs) : IHostedService, IAsyncDisposable
{
    private readonly OneTimeLinks _links = new();
    private WebApplication? _app;

    /// <summary>Where it is served; null: it is not.</summary>
    public Uri? Address { get; private set; }

    /// <summary>A link of the demo that lets one browser in, as the first of these.</summary>
    public Uri OneTimeLink(params IReadOnlyList<Holder> holders) =>
        new(Address ?? throw new InvalidOperationException("The dashboard is not served."), $"/enter?key={_links.Mint(holders)}");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Served) return;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(DashboardHost).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(listening.Configure);
        AddServices(builder.Services);
        _app = builder.Build();
        Wire(_app);
        await _app.StartAsync(cancellationToken);
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        DashboardLog.Serving(logs.CreateLogger<DashboardHost>(), Address);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is not null) await _app.StopAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
    }

    private void AddServices(IServiceCollection services)
    {
        services.AddSingleton<ILoggerFactory>(new CircuitLogs(logs)).AddSingleton(typeof(ILogger<>), typeof(Logger<>)).AddSingleton(options).AddSingleton(_links);
        rooms.AddTo(services);
        services.AddSingleton<Door>().AddSingleton<LinkEntrance>().AddSingleton<SocketGuard>().AddSingleton<StoreGuard>().AddSingleton<ReadingReason>().AddSingleton<Timeline>();
        services.AddRoutingCore();
        // Keys of cookies live as long as the node: a cookie of before a restart is signed in anew, and nothing secret lies on the disk.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddAntiforgery(forms =>
        {
            // A name for each start: a cookie of before could not be read, and would be an error in the log for each open browser.
            forms.Cookie.Name = $"form-{Guid.NewGuid():N}";
            forms.Cookie.SameSite = SameSiteMode.Strict;
            forms.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        services.AddAuthentication(DashboardAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, DashboardAuthentication>(DashboardAuthentication.SchemeName, null)
            .AddCookie(DashboardAuthentication.LinkScheme, cookie =>
            {
                cookie.Cookie.Name = "visitor";
                cookie.Cookie.SameSite = SameSiteMode.Strict;
                cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                cookie.ExpireTimeSpan = TimeSpan.FromHours(12);
            });
        services.AddAuthorization();
        services.AddCascadingAuthenticationState();
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
            circuits.DisconnectedCircuitMaxRetained = 32;
        });
        services.AddRadzenComponents();
    }

    private static void Wire(WebApplication app)
    {
        var door = app.Services.GetRequiredService<Door>();
        app.Use(door.PassAsync);
        app.Use(app.Services.GetRequiredService<StoreGuard>().PassAsync);
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(15) });
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.Use(app.Services.GetRequiredService<SocketGuard>().PassAsync);
        SiteFiles.Map(app);
        Preferences.Map(app);
        app.Services.GetRequiredService<LinkEntrance>().Map(app);
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(server =>
        {
            server.ContentSecurityFrameAncestorsPolicy = null; // the door says it, with the rest
        }).RequireAuthorization();
    }
}
