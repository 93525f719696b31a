using System.Text;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>The node's own connection to RabbitMQ: finds out whether the broker is there, is the one seen before and keeps what it is given; declares
/// the lanes and looks for lost ones. MassTransit alone would declare a lost queue again, silently empty.</summary>
internal sealed class BrokerWatch(
    Plan plan,
    RoutingOptions options,
    BrokerStanding standing,
    Func<LaneKey, IReadOnlyCollection<ulong>> inHand,
    TimeProvider clock,
    ILogger<BrokerWatch> logger)
{
    private readonly Signal _look = new();
    private readonly Errands _errands = new();
    private readonly LaneKeeper _lanes = new(plan, options, standing, inHand, clock, logger);
    private LostLanes? _lost;
    private string? _probed;

    /// <summary>What is known of lanes' queues, each looked for at the broker now. One that is missing is declared again after that.</summary>
    public Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(
        IReadOnlyCollection<LaneKey> lanes, Uplink uplink, CancellationToken cancellationToken) =>
        OrderAsync(stop => _lanes.LookAsync(lanes, stop), uplink, cancellationToken);

    /// <summary>Makes a lane's queue anew.</summary>
    public Task<LaneRebuild> RebuildAsync(LaneKey lane, Uplink uplink, CancellationToken cancellationToken) =>
        OrderAsync(stop => _lanes.RebuildAsync(lane, stop), uplink, cancellationToken);

    /// <summary>Has missing lanes declared.</summary>
    public void Look() => _look.Set();

    /// <summary>A send to this lane failed: it is not sent to before it is declared again.</summary>
    public void Doubt(LaneKey lane)
    {
        standing.Forget(lane);
        _look.Set();
    }

    /// <summary>Runs until cancelled; whatever ends a connection, another one follows.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backOff = new BackOff(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));
        while (true)
        {
            BrokerFault why;
            try
            {
                why = await WatchAsync(backOff, cancellationToken);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                why = BrokerFault.Of(fault);
            }
            standing.Down(why);
            var delay = backOff.Next();
            RoutingLog.BrokerAway(logger, options.RabbitMq!.Host, why.Reason, delay);
            await Task.Delay(delay, clock, cancellationToken);
        }
    }

    private async Task<BrokerFault> WatchAsync(BackOff backOff, CancellationToken cancellationToken)
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
        await using var pulse = await BrokerPulse.ConnectAsync(options.RabbitMq!, HearOfAlarm, cancellationToken);
        await pulse.BeatAsync(cancellationToken);
        var version = Version(connection);
        var topology = new BrokerTopology(connection, QuorumQueue.Arguments(version));
        if (await ProbeAsync(pulse, version, cancellationToken) is { } unfit) return unfit;
        await _lanes.BeginAsync(topology, cancellationToken);
        await IncarnateAsync(topology, cancellationToken);
        RoutingLog.BrokerUp(logger, version, options.RabbitMq!.Host);
        standing.Up(version);
        plan.Waiting.Set();
        backOff.Reset();
        return new(TransportCondition.Away, await BeatAndStayAsync(pulse, topology, closed.Task, cancellationToken));
    }

    private async Task<string> BeatAndStayAsync(BrokerPulse pulse, BrokerTopology topology, Task<string> closed, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var beating = pulse.RunAsync(options.PulseEvery, clock, stop.Token);
        try
        {
            return await StayAsync(topology, Task.WhenAny(closed, pulse.Closed, beating).Unwrap(), cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(beating);
        }
    }

    // Called by the pulse, while the broker is there.
    private void HearOfAlarm(string? reason)
    {
        if (reason is null)
        {
            standing.Unblock();
            RoutingLog.BrokerFlows(logger, options.RabbitMq!.Host);
            plan.Waiting.Set();
        }
        else
        {
            standing.Block(reason);
            RoutingLog.BrokerBlocked(logger, options.RabbitMq!.Host, reason);
        }
        _look.Set();
    }

    private async Task<string> StayAsync(BrokerTopology topology, Task<string> closed, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lost = _lost ??= new LostLanes(plan, options, inHand, Doubt, clock, logger);
        lost.Begin();
        var nextCheck = clock.GetUtcNow() + options.QueueCheckEvery;
        while (true)
        {
            var nextLook = _lanes.NextLook is { } soon && soon < nextCheck ? soon : nextCheck;
            var blocked = standing.IsBlocked;
            var look = _look.WaitAsync(blocked ? null : nextLook - clock.GetUtcNow(), clock, stop.Token);
            if (await Task.WhenAny(closed, look) == closed)
            {
                await stop.CancelAsync();
                await Task.WhenAny(look);
                return await closed;
            }
            await look;
            await _errands.RunAsync(cancellationToken);
            // A broker that takes nothing has other troubles than ours: no queue is judged by what it does now, and afterwards all begin anew.
            if (standing.IsBlocked) continue;
            if (blocked)
            {
                lost.Begin();
                _lanes.Forgive();
            }
            await _lanes.KeepAsync(cancellationToken);
            if (clock.GetUtcNow() < nextCheck) continue;
            await lost.FindAsync(topology, cancellationToken);
            nextCheck = clock.GetUtcNow() + options.QueueCheckEvery;
        }
    }

    private async Task<BrokerFault?> ProbeAsync(BrokerPulse pulse, string version, CancellationToken cancellationToken)
    {
        if (_probed == version) return null;
        // Under an alarm the broker does not read this one before it is over, and so the probe begins when it can end.
        await pulse.BeatAsync(cancellationToken);
        var returns = await BrokerProbe.RunAsync(pulse.Connection, QuorumQueue.Arguments(version), cancellationToken);
        if (returns < BrokerProbe.Returns)
        {
            RoutingLog.ProbeLost(logger, version, returns);
            return new(TransportCondition.Unsafe, $"RabbitMQ {version} drops returned messages");
        }
        _probed = version;
        return null;
    }

    private async Task IncarnateAsync(BrokerTopology topology, CancellationToken cancellationToken)
    {
        var known = plan.Ask.Incarnation();
        if (known is not null && await topology.ReadyAsync(QueueOf(known.Value), cancellationToken) is not null) return;
        var count = await plan.UnmarkAllAsync(cancellationToken);
        if (known is not null) RoutingLog.BrokerWiped(logger, count);
        // The queue first: a crash in between costs one more round of publishing, the other order a wipe that nobody notices.
        var incarnation = Guid.CreateVersion7(clock.GetUtcNow());
        await topology.DeclareIncarnationAsync(QueueOf(incarnation), cancellationToken);
        await plan.SetIncarnationAsync(incarnation, cancellationToken);
    }

    private Task<T> OrderAsync<T>(Func<CancellationToken, Task<T>> run, Uplink uplink, CancellationToken cancellationToken)
    {
        var done = _errands.DoAsync(run, uplink, cancellationToken);
        _look.Set();
        return done;
    }

    private static string QueueOf(Guid incarnation) => $"backbone.incarnation.{incarnation:D}";

    private static string Version(IConnection connection) =>
        connection.ServerProperties?.TryGetValue("version", out var value) == true && value is byte[] utf8 ? Encoding.UTF8.GetString(utf8) : "0";
}
