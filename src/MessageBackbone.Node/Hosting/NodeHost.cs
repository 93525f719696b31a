using MessageBackbone.Domain.Directory;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Auditing;
using MessageBackbone.Node.Carrying;
using MessageBackbone.Node.Content;
using MessageBackbone.Node.Dashboard;
using MessageBackbone.Node.Dashboard.Watching;
using MessageBackbone.Node.Delivering;
using MessageBackbone.Node.Directory;
using MessageBackbone.Node.Escalating;
using MessageBackbone.Node.Ledger;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Recording;
using MessageBackbone.Node.Telemetry;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.Protocol.Identities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Hosting;

/// <summary>A running node. It only wires: each room adds itself.</summary>
public sealed class NodeHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly NodeIdentity _identity;
    private readonly IEventLog _log;
    private readonly ILogger _logger;
    private int _stopped;

    private NodeHost(WebApplication app, NodeIdentity identity, IEventLog log, ILogger logger)
    {
        _app = app;
        _identity = identity;
        _log = log;
        _logger = logger;
    }

    /// <summary>Where gateways connect, with the port that was taken.</summary>
    public Uri GrpcAddress { get; private set; } = new("https://127.0.0.1");

    /// <summary>Where browsers find the dashboard; null: it is not served.</summary>
    public Uri? DashboardAddress => _app.Services.GetRequiredService<DashboardHost>().Address;

    /// <summary>A link of the demo, which lets one browser into the dashboard, once: as the first of these, and it may change to the others.</summary>
    /// <exception cref="InvalidOperationException">The dashboard is not served.</exception>
    public Uri DashboardLink(params IReadOnlyList<Holder> holders) => _app.Services.GetRequiredService<DashboardHost>().OneTimeLink(holders);

    /// <summary>The rooms, for what runs in the same process.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Ends when the node was asked to stop, or went down by itself.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <summary>Returns when the port is open; the directory is caught up before.</summary>
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">A setting cannot be used.</exception>
    /// <exception cref="EventLogOpenException">The event log cannot be opened.</exception>
    public static Task<NodeHost> StartAsync(NodeOptions options, TimeProvider clock, ILoggerFactory? logs, CancellationToken cancellationToken) =>
        StartAsync(options, clock, logs, new NodeEngines(), cancellationToken);

    internal static async Task<NodeHost> StartAsync(
        NodeOptions options, TimeProvider clock, ILoggerFactory? logs, NodeEngines engines, CancellationToken cancellationToken)
    {
        options.Validate();
        MakePrivate(options.DataFolder);
        logs ??= NullLoggerFactory.Instance;
        var identity = NodeIdentity.Load(options);
        IEventLog? log = null;
        WebApplication? app = null;
        try
        {
            var founded = DirectoryState.Founded(identity.Founders(options.SecretariatCertificates));
            log = await engines.OpenLog(options, clock, logs, cancellationToken);
            app = Build(options, clock, logs, identity, log, founded, engines);
            var host = new NodeHost(app, identity, log, logs.CreateLogger<NodeHost>());
            await host.OpenAsync(cancellationToken);
            return host;
        }
        catch
        {
            // What had begun already is ended in order; disposed alone, its own end would count as a fault.
            if (app is not null) await app.StopAsync(CancellationToken.None);
            await CloseAsync(app, log, identity);
            throw;
        }
    }

    /// <summary>Ends calls, then rooms, then the log.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            await _app.StopAsync();
            await CloseAsync(_app, _log, _identity);
            HostingLog.Stopped(_logger, _identity.Name);
        }
    }

    public ValueTask DisposeAsync() => new(StopAsync());

    private static WebApplication Build(
        NodeOptions options, TimeProvider clock, ILoggerFactory logs, NodeIdentity identity, IEventLog log, DirectoryState founded, NodeEngines engines)
    {
        var startedAt = clock.GetUtcNow();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var caps = new ConnectionCaps(options.Limits, logs.CreateLogger<ConnectionCaps>());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => Listening.Configure(kestrel, options, identity, caps, clock));
        builder.Services
            .AddSingleton(logs).AddSingleton(typeof(ILogger<>), typeof(Logger<>))
            .AddSingleton(clock).AddSingleton(options).AddSingleton(options.Limits).AddSingleton(identity)
            .AddSingleton(log).AddSingleton<EventRecorder>().AddSingleton<HouseMessages>().AddSingleton<MessageParties>().AddHostedService<KeyWatch>()
            .AddDirectory(founded)
            .AddContent()
            .AddAccepting(options.Limits, options.Accepting)
            .AddProjecting(new ProjectingOptions { Folder = Path.Combine(options.DataFolder, "read-models") })
            .AddAuditing()
            .AddTelemetry(options.Telemetry, identity.Name)
            .AddRouting(Routing(options))
            .AddDelivering(options.Delivering)
            .AddEscalating(options.Escalation, options.Requests)
            .AddCarrying()
            .AddLedger(options.Ledger)
            .AddOperations(options.Operations, options.DataFolder, rooms => Surrounding(rooms, startedAt))
            .AddDashboard(options.Dashboard, Dashboard(options, identity, logs), Levels(options))
            .AddGrpcHealthAndReflection();
        engines.Replace(builder.Services);

        var app = builder.Build();
        app.UseRouting();
        app.Use(Oversize.CompleteAsync);
        app.MapGrpcService<ExchangeService>();
        app.MapGrpcService<DirectoryService>();
        app.MapGrpcService<AuditService>();
        app.MapGrpcService<LedgerService>();
        app.MapGrpcService<OperationsService>();
        app.MapGrpcService<DeliveryService>();
        app.MapGrpcHealthAndReflection();
        return app;
    }

    // The rooms' files get the mode that the process gives: the folder keeps others out of all of them.
    private static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows()) System.IO.Directory.CreateDirectory(folder);
        else System.IO.Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static RoutingOptions Routing(NodeOptions options)
    {
        options.Routing.PlanFile = Path.Combine(options.DataFolder, "plan.db");
        options.Routing.RabbitMq = options.RabbitMq.Length > 0 ? new Uri(options.RabbitMq) : null;
        return options.Routing;
    }

    private static DashboardListening Dashboard(NodeOptions options, NodeIdentity identity, ILoggerFactory logs)
    {
        var caps = new ConnectionCaps(options.Limits, logs.CreateLogger<ConnectionCaps>());
        return new(kestrel => DashboardPort.Configure(kestrel, options, identity, caps));
    }

    private static ServiceLevels Levels(NodeOptions options) =>
        new(precedence => options.Escalation.Of(precedence) is { Off: false } level ? level.Within : null);

    // Operations may not look into other rooms: the host tells it what they say of themselves.
    private static Surroundings Surrounding(IServiceProvider rooms, DateTimeOffset startedAt)
    {
        var (transport, attendances) = (rooms.GetRequiredService<ILaneTransport>(), rooms.GetRequiredService<Attendances>());
        return new Surroundings(startedAt, () => transport.Name, () => transport.State, () => attendances.Attending, attendances.Changes);
    }

    private static async Task CloseAsync(WebApplication? app, IEventLog? log, NodeIdentity identity)
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }

        if (log is not null)
        {
            await log.DisposeAsync();
        }

        identity.Dispose();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        await _app.Services.GetRequiredService<CurrentDirectory>().StartAsync(cancellationToken);
        await _app.StartAsync(cancellationToken);
        var addresses = _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        GrpcAddress = new Uri(addresses.First());
        HostingLog.Serving(_logger, _identity.Name, GrpcAddress, _log.Name);
    }
}
