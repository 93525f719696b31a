using System.Collections.Concurrent;
using System.Net;
using MessageBackbone.EventStoreStandIn.Serving;
using MessageBackbone.EventStoreStandIn.Storing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventStoreStandIn;

/// <summary>One node of an EventStoreDB, on loopback, as far as an event log uses one. Its answers are those that a 23.10.6 was seen to give; in the words of
/// its errors it is not like it.</summary>
/// <remarks>Subscriptions are to all events alone, and only from what is new on.</remarks>
public sealed class StandIn : IAsyncDisposable
{
    // What a record of the server's log can hold.
    private const int LargestMessage = (16 << 20) - 10_000;

    private readonly ConcurrentDictionary<string, ConnectionContext> _connections = new(StringComparer.Ordinal);
    private readonly WebApplication _app;
    private int _stopped;

    private StandIn(StandInOptions options)
    {
        Options = options;
        Cluster = options.Cluster ?? new(options.Store ?? new StandInStore(options.Clock));
        _app = Build();
    }

    public StandInCluster Cluster { get; }

    public StandInStore Store => Cluster.Store;

    public StandInFaults Faults { get; } = new();

    public int Port { get; private set; }

    /// <summary>How a client without a user reaches this node.</summary>
    public string ConnectionString => $"esdb://127.0.0.1:{Port}?tls={(Options.Certificate is null ? "false" : "true")}";

    internal StandInOptions Options { get; }

    internal Guid Id { get; } = Guid.NewGuid();

    internal bool IsRunning => Volatile.Read(ref _stopped) == 0;

    internal bool Leads => Cluster.Leader == this;

    public static async Task<StandIn> StartAsync(StandInOptions? options = null)
    {
        var node = new StandIn(options ?? new());
        await node._app.StartAsync();
        node.Port = new Uri(node._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        node.Cluster.Join(node);
        return node;
    }

    /// <summary>Ends at once, as a process does: what is under way is not finished. The store stays.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0) return;
        DropConnections();
        await _app.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _app.DisposeAsync();
    }

    /// <summary>Ends every connection; new ones are taken.</summary>
    public void DropConnections()
    {
        foreach (var connection in _connections.Values) connection.Abort();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    internal void Drop(string connection)
    {
        if (_connections.TryGetValue(connection, out var there)) there.Abort();
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, Options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.Use(next => connection => WatchAsync(connection, next));
                if (Options.Certificate is { } certificate) listen.UseHttps(certificate);
            });
        });
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = LargestMessage);
        builder.Services.AddSingleton(this);
        var app = builder.Build();
        app.MapGrpcService<StreamsService>();
        app.MapGrpcService<GossipService>();
        return app;
    }

    private async Task WatchAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        _connections[connection.ConnectionId] = connection;
        // One that comes while it stops would be served by what is left of it.
        if (!IsRunning) connection.Abort();
        try
        {
            await next(connection);
        }
        finally
        {
            _connections.TryRemove(connection.ConnectionId, out _);
        }
    }
}
