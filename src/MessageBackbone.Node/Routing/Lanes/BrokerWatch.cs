using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>The node's own connection to RabbitMQ: finds out whether the broker is there, is the one seen before and keeps what it is given; declares the
/// lanes and looks for lost ones. MassTransit alone would declare a lost queue again, silently empty.</summary>
internal sealed class BrokerWatch(Plan plan, RoutingOptions options, Func<LaneKey, IReadOnlyCollection<ulong>> inHand, TimeProvider clock, ILogger<BrokerWatch> logger)
{
    // True: declared on this connection; false: the broker has it with other arguments.
    private readonly ConcurrentDictionary<LaneKey, bool> _lanes = new();
    private readonly Dictionary<LaneKey, DateTimeOffset> _emptySince = [];
    private volatile TaskCompletionSource<string> _up = Fresh();
    private bool _probed;

    /// <summary>"connected", or what keeps it from that.</summary>
    public string State { get; private set; } = "connecting";

    /// <summary>Set to have missing lanes declared and doubtful ones looked at.</summary>
    public Signal Look { get; } = new();

    /// <summary>Completes with the broker's version once it may be used.</summary>
    public Task<string> UpAsync(CancellationToken cancellationToken) => _up.Task.WaitAsync(cancellationToken);

    /// <summary>Whether the broker holds the lane with the right arguments.</summary>
    public bool Takes(LaneKey lane) => _up.Task.IsCompletedSuccessfully && _lanes.TryGetValue(lane, out var declared) && declared;

    /// <summary>The next look declares this lane again.</summary>
    public void Doubt(LaneKey lane)
    {
        _lanes.TryRemove(lane, out _);
        Look.Set();
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));
        while (true)
        {
            string reason;
            try
            {
                reason = await WatchAsync(backOff, cancellationToken);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested && IsBrokerFault(fault))
            {
                reason = fault.InnerException is BrokerUnreachableException or null ? fault.Message : $"{fault.Message} {fault.InnerException.Message}";
            }
            Down(reason);
            var delay = backOff.Next();
            RoutingLog.BrokerAway(logger, options.RabbitMq!.Host, reason, delay);
            await Task.Delay(delay, clock, cancellationToken);
        }
    }

    private async Task<string> WatchAsync(BackOff backOff, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            Uri = options.RabbitMq!,
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(10),
            ContinuationTimeout = TimeSpan.FromSeconds(30),
            ClientProvidedName = "backbone-node watch",
        };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        var closed = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, why) =>
        {
            closed.TrySetResult(why.ReplyText);
            return Task.CompletedTask;
        };
        var version = Version(connection);
        var topology = new BrokerTopology(connection, QuorumQueue.Arguments(version));
        if (await ProbeAsync(topology, version, cancellationToken) is { } unsafeReason) return unsafeReason;
        _lanes.Clear();
        _emptySince.Clear();
        await DeclareLanesAsync(topology, cancellationToken);
        await IncarnateAsync(topology, cancellationToken);
        Up(version);
        backOff.Reset();
        return await StayAsync(topology, closed.Task, cancellationToken);
    }

    private async Task<string> StayAsync(BrokerTopology topology, Task<string> closed, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var nextCheck = clock.GetUtcNow() + options.QueueCheckEvery;
        while (true)
        {
            var look = Look.WaitAsync(nextCheck - clock.GetUtcNow(), clock, stop.Token);
            if (await Task.WhenAny(closed, look) == closed)
            {
                await stop.CancelAsync();
                await Task.WhenAny(look);
                return await closed;
            }
            await look;
            await DeclareLanesAsync(topology, cancellationToken);
            if (clock.GetUtcNow() < nextCheck) continue;
            await FindEmptyAsync(topology, cancellationToken);
            nextCheck = clock.GetUtcNow() + options.QueueCheckEvery;
        }
    }

    private async Task<string?> ProbeAsync(BrokerTopology topology, string version, CancellationToken cancellationToken)
    {
        if (_probed) return null;
        var returns = await BrokerProbe.RunAsync(topology.Connection, QuorumQueue.Arguments(version), cancellationToken);
        if (returns < BrokerProbe.Returns)
        {
            RoutingLog.ProbeLost(logger, version, returns);
            return $"RabbitMQ {version} drops returned messages";
        }
        _probed = true;
        return null;
    }

    private async Task DeclareLanesAsync(BrokerTopology topology, CancellationToken cancellationToken)
    {
        foreach (var lane in plan.Ask.Bureaus().SelectMany(LaneKey.Of))
        {
            if (_lanes.ContainsKey(lane)) continue;
            var refusal = await topology.DeclareLaneAsync(lane, cancellationToken);
            _lanes[lane] = refusal is null;
            if (refusal is null) plan.Waiting.Set();
            else RoutingLog.LaneDiffers(logger, lane.QueueName, refusal);
        }
    }

    private async Task IncarnateAsync(BrokerTopology topology, CancellationToken cancellationToken)
    {
        if (plan.Ask.Incarnation() is { } known && await topology.ReadyAsync(QueueOf(known), cancellationToken) is not null) return;
        var count = await plan.UnmarkAllAsync(cancellationToken);
        RoutingLog.BrokerWiped(logger, count);
        // The queue first: a crash in between costs one more round of publishing, the other order a wipe that nobody notices.
        var incarnation = Guid.CreateVersion7(clock.GetUtcNow());
        await topology.DeclareIncarnationAsync(QueueOf(incarnation), cancellationToken);
        await plan.SetIncarnationAsync(incarnation, cancellationToken);
    }

    private async Task FindEmptyAsync(BrokerTopology topology, CancellationToken cancellationToken)
    {
        var published = plan.Ask.PublishedLanes().Select(lane => lane.Lane).ToHashSet();
        foreach (var gone in _emptySince.Keys.Where(lane => !published.Contains(lane)).ToList()) _emptySince.Remove(gone);
        foreach (var lane in published)
        {
            if (await topology.ReadyAsync(lane.QueueName, cancellationToken) is { } ready)
            {
                if (ready > 0)
                {
                    _emptySince.Remove(lane);
                    continue;
                }
            }
            else
            {
                Doubt(lane);
            }
            var now = clock.GetUtcNow();
            if (_emptySince.TryAdd(lane, now) || now - _emptySince[lane] < options.QueueEmptyAfter) continue;
            _emptySince.Remove(lane);
            var count = await plan.UnmarkLaneAsync(lane, inHand(lane), cancellationToken);
            if (count > 0) RoutingLog.LaneEmpty(logger, lane.ToString(), count);
        }
    }

    private void Up(string version)
    {
        RoutingLog.BrokerUp(logger, version, options.RabbitMq!.Host);
        State = "connected";
        _up.TrySetResult(version);
        plan.Waiting.Set();
    }

    private void Down(string reason)
    {
        State = reason;
        if (_up.Task.IsCompleted) _up = Fresh();
    }

    private static string QueueOf(Guid incarnation) => $"backbone.incarnation.{incarnation:D}";

    private static string Version(IConnection connection) =>
        connection.ServerProperties?.TryGetValue("version", out var value) == true && value is byte[] utf8 ? Encoding.UTF8.GetString(utf8) : "0";

    private static TaskCompletionSource<string> Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool IsBrokerFault(Exception fault) =>
        fault is RabbitMQClientException or IOException or System.Net.Sockets.SocketException or OperationCanceledException or TimeoutException
            or Microsoft.Data.Sqlite.SqliteException;
}
