using Microsoft.Extensions.Logging;

namespace MessageBackbone.Node.Routing.Lanes;

/// <summary>Has every lane declared and answering before anything is sent to it or received from it.</summary>
/// <remarks>RabbitMQ 3.10 killed soon after a declaration comes back with the queue but without its leader (decision 0051): whoever sends to it or
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
        if (standing.Note(lane, declared: false)) RoutingLog.LaneDiffers(logger, lane.QueueName, refusal);
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
        if (standing.Note(lane, declared: true)) plan.Waiting.Set();
    }

    private async Task BearAsync(LaneKey lane, CancellationToken cancellationToken)
    {
        // A broker in an alarm is slow: its queues are not dead.
        if (standing.IsBlocked) return;
        var now = clock.GetUtcNow();
        if (_silentSince.TryAdd(lane, now)) RoutingLog.LaneSilent(logger, lane.ToString());
        // A channel that has sent to the old queue goes on with the old one's numbers, which the new one never confirms (seen): only before the first send.
        if (_used.Contains(lane) || now - _silentSince[lane] < options.QueueAnswerWithin) return;
        // The plan first: a crash in between costs references that come twice, the other order a lane that looks empty for a minute.
        var count = await plan.UnmarkLaneAsync(lane, inHand(lane), cancellationToken);
        await _topology!.DeleteLaneAsync(lane, cancellationToken);
        RoutingLog.LaneRebuilt(logger, lane.ToString(), count);
        if (await DeclareAsync(lane, cancellationToken)) Note(lane);
    }
}
