using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>MassTransit on RabbitMQ: a quorum queue a lane, mandatory and confirmed sends.</summary>
internal sealed class RabbitMqLanes : ILaneTransport
{
    private readonly ConcurrentDictionary<LaneKey, ConcurrentDictionary<ulong, int>> _inHand = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly RoutingOptions _options;
    private readonly BrokerWatch _watch;
    private readonly LaneBus _bus;
    private Task _running = Task.CompletedTask;
    private volatile string _version = "0";

    public RabbitMqLanes(Plan plan, RoutingOptions options, TimeProvider clock, ILoggerFactory logs)
    {
        _options = options;
        _watch = new BrokerWatch(plan, options, InHand, clock, logs.CreateLogger<BrokerWatch>());
        _bus = LaneBus.Create(
            () => Bus.Factory.CreateUsingRabbitMq(bus => bus.Host(options.RabbitMq!, host => host.PublisherConfirmation = true)), Configure, options, clock, logs);
    }

    public string Name => "rabbitmq";

    public string State => _watch.State;

    public int PublishAhead => _options.PublishAhead ?? 100_000;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(_watch.RunAsync(_stop.Token), StartBusAsync());
        return Task.CompletedTask;
    }

    public async Task UpAsync(CancellationToken cancellationToken) => _version = await _watch.UpAsync(cancellationToken);

    public bool Takes(LaneKey lane) => _watch.Takes(lane);

    public Task PublishAsync(PlanRow row, string? traceParent, CancellationToken cancellationToken) =>
        _bus.SendAsync(row.Lane, LaneReference.Of(row, traceParent), Mandatory, cancellationToken);

    public void Doubt(LaneKey lane) => _watch.Doubt(lane);

    /// <summary>New bureaus are in the plan: declare their lanes.</summary>
    public void DeclareNew() => _watch.Look.Set();

    public ILaneAttachment Attach(LaneKey lane, Action<HeldReference> take) => _bus.Attach(
        lane, held => take(Counted(lane, held)), UpAsync, static () => Task.CompletedTask, static () => Task.CompletedTask);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_running);
        await _bus.DisposeAsync();
        _stop.Dispose();
    }

    private async Task StartBusAsync()
    {
        await _watch.UpAsync(_stop.Token);
        await _bus.StartAsync(_stop.Token);
    }

    private void Configure(IReceiveEndpointConfigurator endpoint)
    {
        var rabbit = (IRabbitMqReceiveEndpointConfigurator)endpoint;
        rabbit.SetQuorumQueue();
        if (QuorumQueue.NeedsNoLimit(_version)) rabbit.SetQueueArgument(QuorumQueue.DeliveryLimit, -1);
    }

    // Without it a send to an exchange that lost its queue is confirmed and gone.
    private static void Mandatory(SendContext<LaneReference> context)
    {
        if (context.TryGetPayload<RabbitMqSendContext>(out var send)) send.Mandatory = true;
    }

    private IReadOnlyCollection<ulong> InHand(LaneKey lane) =>
        _inHand.TryGetValue(lane, out var held) ? [.. held.Keys] : [];

    private HeldReference Counted(LaneKey lane, HeldReference held)
    {
        var sequences = _inHand.GetOrAdd(lane, static _ => new ConcurrentDictionary<ulong, int>());
        sequences.AddOrUpdate(held.Reference.Sequence, 1, static (_, count) => count + 1);
        held.WhenOver(() =>
        {
            if (sequences.AddOrUpdate(held.Reference.Sequence, 0, static (_, count) => count - 1) <= 0)
                sequences.TryRemove(new KeyValuePair<ulong, int>(held.Reference.Sequence, 0));
        });
        return held;
    }
}
