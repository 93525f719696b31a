using MassTransit;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>MassTransit on RabbitMQ: a quorum queue a lane, mandatory and confirmed sends.</summary>
internal sealed class RabbitMqLanes : ILaneTransport
{
    private readonly LaneHoldings _inHand = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _busStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly BrokerStanding _standing = new();
    private readonly RoutingOptions _options;
    private readonly BrokerWatch _watch;
    private readonly LaneBus _bus;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private Task _running = Task.CompletedTask;

    public RabbitMqLanes(Plan plan, RoutingOptions options, TimeProvider clock, ILoggerFactory logs)
    {
        (_options, _clock, _logger) = (options, clock, logs.CreateLogger<RabbitMqLanes>());
        _watch = new BrokerWatch(plan, options, _standing, _inHand.Of, clock, logs.CreateLogger<BrokerWatch>());
        _bus = LaneBus.Create(
            () => Bus.Factory.CreateUsingRabbitMq(bus => bus.Host(options.RabbitMq!, host => host.PublisherConfirmation = true)),
            sendsApart: true, Configure, options, clock, logs);
    }

    public string Name => "rabbitmq";

    public string State => _standing.State;

    public TransportCondition Condition => _standing.Condition;

    public int PublishAhead => _options.PublishAhead ?? 100_000;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(_watch.RunAsync(_stop.Token), StartBusAsync(_stop.Token));
        return Task.CompletedTask;
    }

    public async Task UpAsync(CancellationToken cancellationToken)
    {
        await _busStarted.Task.WaitAsync(cancellationToken);
        await _standing.FlowsAsync(cancellationToken);
    }

    public bool Takes(LaneKey lane) => _standing.Takes(lane);

    public object? Incarnation(LaneKey lane) => _standing.Link(lane);

    public async Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken)
    {
        var uplink = _standing.Now ?? throw new BrokerAwayException();
        var flow = _standing.Flow;
        if (flow.IsCancellationRequested) throw new TransportBlockedException();
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, uplink.Lost, flow);
        try
        {
            await _bus.SendAsync(row.Lane, LaneReference.Of(row, traceParent), Mandatory, until.Token);
        }
        catch (OperationCanceledException) when (uplink.Lost.IsCancellationRequested)
        {
            // MassTransit would go on trying; a broker that comes back empty must get the most urgent first, not what was on its way.
            throw new BrokerAwayException();
        }
        catch (OperationCanceledException) when (flow.IsCancellationRequested)
        {
            // Left waiting it would time out, and count against a queue that is well.
            throw new TransportBlockedException();
        }
    }

    public void Doubt(LaneKey lane) => _watch.Doubt(lane);

    /// <summary>New bureaus are in the plan: declare their lanes.</summary>
    public void DeclareNew() => _watch.Look();

    public int InHand(LaneKey lane) => _inHand.Of(lane).Count;

    public async Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(IReadOnlyCollection<LaneKey> lanes, CancellationToken cancellationToken)
    {
        try
        {
            if (_standing.Now is { } uplink) return await _watch.LookAsync(lanes, uplink, cancellationToken);
        }
        catch (BrokerAwayException)
        {
            // Then nothing is known, as below.
        }
        return lanes.ToDictionary(lane => lane, static _ => LaneQueue.Unknown);
    }

    public async Task<LaneRebuild> RebuildAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        var uplink = _standing.Now;
        if (uplink is null) return new LaneRebuild.NotNow($"The broker cannot be used now ({State}); rebuild the lane when it can.");
        try
        {
            return await _watch.RebuildAsync(lane, uplink, cancellationToken);
        }
        catch (BrokerAwayException)
        {
            return new LaneRebuild.NotNow("The broker was lost meanwhile; look at the lane again when it is there.");
        }
    }

    public ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take) => _bus.Attach(
        lane, held => take(_inHand.Counted(lane, held)),
        new LaneHooks(until => LaneUpAsync(lane, until), static () => { }, static () => Task.CompletedTask));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_running);
        await _bus.DisposeAsync();
        _standing.Dispose();
        _stop.Dispose();
    }

    // Not before the broker is there: MassTransit's own first tries would only fill the log.
    private async Task StartBusAsync(CancellationToken cancellationToken)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));
        while (true)
        {
            var uplink = await _standing.UpAsync(cancellationToken);
            using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, uplink.Lost);
            try
            {
                await _bus.StartAsync(until.Token);
                _busStarted.TrySetResult();
                return;
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                RoutingLog.BusNotStarted(_logger, fault.Message);
                await backOff.WaitAsync(_clock, cancellationToken);
            }
        }
    }

    // The watch has declared the queue by then: an endpoint that finds another queue of its name would give up for good.
    private async Task<Uplink> LaneUpAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        await _busStarted.Task.WaitAsync(cancellationToken);
        return await _standing.LaneUpAsync(lane, cancellationToken);
    }

    private static void Configure(IReceiveEndpointConfigurator endpoint, Uplink uplink)
    {
        var rabbit = (IRabbitMqReceiveEndpointConfigurator)endpoint;
        rabbit.SetQuorumQueue();
        if (QuorumQueue.NeedsNoLimit(uplink.Version)) rabbit.SetQueueArgument(QuorumQueue.DeliveryLimit, -1);
    }

    // Without it a send to an exchange that lost its queue is confirmed and gone.
    private static void Mandatory(SendContext<LaneReference> context)
    {
        if (context.TryGetPayload<RabbitMqSendContext>(out var send)) send.Mandatory = true;
    }
}

/// <summary>RabbitMQ went away before it confirmed.</summary>
internal sealed class BrokerAwayException() : Exception("the broker is away");
