using System.Collections.Concurrent;
using MassTransit;
using MassTransit.Logging;
using Microsoft.Extensions.Logging;
using Precedence = MessageBackbone.V1.Precedence;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>The part that both transports share: one MassTransit bus, one endpoint a lane, one way to send.</summary>
internal sealed class LaneBus : IAsyncDisposable
{
    private readonly ConcurrentDictionary<LaneKey, LaneEndpoint> _endpoints = new();
    private readonly IBusControl _receiving;
    private readonly IBusControl _sending;
    private readonly RoutingOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Action<IReceiveEndpointConfigurator, Uplink> _configure;

    private LaneBus(
        IBusControl receiving, IBusControl sending, Action<IReceiveEndpointConfigurator, Uplink> configure, RoutingOptions options, TimeProvider clock,
        ILogger logger)
    {
        (_receiving, _sending, _configure, _options, _clock, _logger) = (receiving, sending, configure, options, clock, logger);
    }

    /// <param name="create">Makes the bus; its own log lines go where the node's go.</param>
    /// <param name="sendsApart">Sends have a bus, and so a connection, of their own: a broker that takes nothing more is deaf to all that comes on the
    /// connection that it was published on, acknowledgements too.</param>
    /// <param name="configure">What the transport wants of each lane's endpoint beyond the rules.</param>
    public static LaneBus Create(
        Func<IBusControl> create, bool sendsApart, Action<IReceiveEndpointConfigurator, Uplink> configure, RoutingOptions options, TimeProvider clock,
        ILoggerFactory logs)
    {
        LogContext.ConfigureCurrentLogContext(new BusLogs(logs));
        var receiving = create();
        return new LaneBus(receiving, sendsApart ? create() : receiving, configure, options, clock, logs.CreateLogger<LaneBus>());
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _receiving.StartAsync(cancellationToken);
        if (_sending != _receiving) await _sending.StartAsync(cancellationToken);
    }

    public bool IsAttached(LaneKey lane) => _endpoints.TryGetValue(lane, out var endpoint) && endpoint.IsAttached;

    public object? Incarnation(LaneKey lane) => _endpoints.TryGetValue(lane, out var endpoint) ? endpoint.Incarnation : null;

    public ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take, LaneHooks hooks) =>
        _endpoints.GetOrAdd(lane, key => new LaneEndpoint(key, Connect, _clock, _logger)).Attach(take, hooks);

    /// <summary>Sends to the lane's exchange, never to <c>queue:</c>, which would declare the queue again with other arguments.</summary>
    public async Task SendAsync(LaneKey lane, LaneReference reference, Action<SendContext<LaneReference>> configure, CancellationToken cancellationToken)
    {
        var endpoint = await _sending.GetSendEndpoint(new Uri($"exchange:{lane.QueueName}"));
        await endpoint.Send(reference, configure, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_endpoints.Values.Select(endpoint => endpoint.DisposeAsync().AsTask()));
        if (_sending != _receiving) await _sending.StopAsync(CancellationToken.None);
        await _receiving.StopAsync(CancellationToken.None);
    }

    private HostReceiveEndpointHandle Connect(LaneKey lane, Uplink uplink, MessageHandler<LaneReference> handler) =>
        _receiving.ConnectReceiveEndpoint(lane.QueueName, endpoint =>
        {
            var prefetch = lane.Precedence == Precedence.Routine ? _options.PrefetchRoutine : _options.PrefetchUrgent;
            endpoint.PrefetchCount = prefetch;
            endpoint.ConcurrentMessageLimit = prefetch;
            endpoint.ConfigureConsumeTopology = false;
            endpoint.PublishFaults = false;
            // Without it a fault or an unknown message is moved to another queue and acknowledged: lost to the lane.
            var slowly = new SlowReturn(lane, _clock, _logger);
            endpoint.ConfigureError(pipe => pipe.UseFilter(slowly));
            endpoint.ConfigureDeadLetter(pipe => pipe.UseFilter(slowly));
            _configure(endpoint, uplink);
            endpoint.Handler(handler);
        });
}
