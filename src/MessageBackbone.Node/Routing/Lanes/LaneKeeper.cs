using MessageBackbone.V1;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Has every lane declared and answering before anything is sent to it or received from it.</summary>
/// <remarks>RabbitMQ 3.10 killed soon after a declaration comes back with the queue but without its leader (decision 0055): whoever sends to it or
/// consumes from it hangs, and on the same channel so do the others. Such a queue is made anew: the plan knows what belongs into it.</remarks>
internal sealed class LaneKeeper(
    Plan plan, RoutingOptions options, BrokerStanding standing, Func<LaneKey, IReadOnlyCollection<ulong>> inHand, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly Dictionary<LaneKey, DateTimeOffset> _silentSince = [];
    private readonly HashSet<LaneKey> _used = [];
    private readonly LaneAnswers _answers = new(options.RabbitMq!);
    private BrokerTopology? _topology;

    /// <summary>When silent lanes want to be asked again; null: there are none.</summary>
    public DateTimeOffset? NextLook { get; private set; }

    /// <summary>A new connection: nothing is known of its lanes. Returns when all are declared and most have answered.</summary>
    public async Task BeginAsync(BrokerTopology topology, CancellationToken cancellationToken)
    {
        _topology = topology;
        _silentSince.Clear();
        _used.Clear();
        standing.Begin();
        await KeepAsync(cancellationToken);
    }

    /// <summary>No silence up to now counts against a queue.</summary>
    public void Forgive() => _silentSince.Clear();

    /// <summary>Looks after the lanes that are not known to be well.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        var declared = new List<LaneKey>();
        // A refused lane is asked for again each time: once somebody has deleted the queue, it is declared and filled without a restart.
        foreach (var lane in plan.Ask.Bureaus().SelectMany(LaneKey.Of).Where(lane => !standing.IsDeclared(lane)))
            if (await DeclareAsync(lane, cancellationToken)) declared.Add(lane);
        if (declared.Count > 0) await AskAsync(declared, cancellationToken);
        NextLook = declared.TrueForAll(standing.IsDeclared) ? null : clock.GetUtcNow() + LookAgain;
    }

    private async Task<bool> DeclareAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        var refusal = await _topology!.DeclareLaneAsync(lane, cancellationToken);
        if (refusal is null) return true;
        if (standing.Note(lane, new LaneQueue(QueueState.Differs, refusal))) RoutingLog.LaneDiffers(logger, lane.QueueName, refusal);
        return false;
    }

    // All that answer are noted together: after an outage a slow FLASH lane is not overtaken by a quick ROUTINE one.
    private async Task AskAsync(List<LaneKey> lanes, CancellationToken cancellationToken)
    {
        var answers = await _answers.AskAsync(lanes, cancellationToken);
        foreach (var lane in lanes.Where(lane => answers[lane] == LaneAnswer.Answered)) Note(lane);
        foreach (var lane in lanes.Where(lane => answers[lane] == LaneAnswer.Silent)) await BearAsync(lane, cancellationToken);
    }

    private void Note(LaneKey lane)
    {
        _silentSince.Remove(lane);
        _used.Add(lane);
        if (standing.Note(lane, LaneQueue.Ok)) plan.Waiting.Set();
    }

    private async Task BearAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        // A broker in an alarm is slow: its queues are not dead.
        if (standing.IsBlocked) return;
        var now = clock.GetUtcNow();
        if (_silentSince.TryAdd(lane, now)) RoutingLog.LaneSilent(logger, lane.ToString());
        standing.Note(lane, new LaneQueue(QueueState.Silent));
        // A channel that has sent to the old queue goes on with the old one's numbers, which the new one never confirms (seen): only before the first send.
        if (_used.Contains(lane) || now - _silentSince[lane] < options.QueueAnswerWithin) return;
        RoutingLog.LaneRebuilt(logger, lane.ToString(), await MakeAnewAsync(lane, inHand(lane), cancellationToken));
    }

    /// <summary>What is known of lanes' queues, each looked for now. One that is missing is declared again by the next look after them.</summary>
    public async Task<IReadOnlyDictionary<LaneKey, LaneQueue>> LookAsync(IReadOnlyCollection<LaneKey> lanes, CancellationToken cancellationToken)
    {
        var found = new Dictionary<LaneKey, LaneQueue>();
        foreach (var lane in lanes)
        {
            found[lane] = standing.Queue(lane);
            if (await _topology!.ReadyAsync(lane.QueueName, cancellationToken) is not null) continue;
            found[lane] = new LaneQueue(QueueState.Missing);
            standing.Forget(lane);
        }
        return found;
    }

    /// <summary>Makes a lane's queue anew because somebody ordered it.</summary>
    public async Task<LaneRebuild> RebuildAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        if (standing.IsBlocked) return new LaneRebuild.NotNow("The broker takes nothing now; rebuild the lane when that is over.");
        var answer = (await _answers.AskAsync([lane], cancellationToken))[lane];
        // As in BearAsync: deleted by force, it would leave a channel that never hears of a confirmation again.
        if (answer == LaneAnswer.Silent && _used.Contains(lane))
            return new LaneRebuild.NotNow("The queue gives no answer. Restart the broker, or run 'rabbitmqctl close_all_connections' there: "
                + "then it is made anew by itself.");
        standing.Cut(lane);
        // What a gateway holds is given back to a queue that goes: it is published again too, and comes marked as a possible duplicate.
        var count = await MakeAnewAsync(lane, [], cancellationToken);
        RoutingLog.LaneRebuiltByOrder(logger, lane.ToString(), count);
        return new LaneRebuild.Done(count);
    }

    private async Task<int> MakeAnewAsync(LaneKey lane, IReadOnlyCollection<ulong> except, CancellationToken cancellationToken)
    {
        // The plan first: a crash in between costs references that come twice, the other order a lane that looks empty for a minute.
        var count = await plan.UnmarkLaneAsync(lane, except, cancellationToken);
        await _topology!.DeleteLaneAsync(lane, cancellationToken);
        if (await DeclareAsync(lane, cancellationToken)) Note(lane);
        return count;
    }
}
