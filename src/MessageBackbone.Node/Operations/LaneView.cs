using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Operations;

/// <summary>The lanes as operators see them, and the order to make one's queue anew.</summary>
internal sealed class LaneView(Plan plan, ILaneTransport transport, Surroundings surroundings)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(10);

    public async Task<LaneList> ListAsync(CancellationToken cancellationToken)
    {
        var counts = plan.Ask.Lanes().ToDictionary(lane => lane.Lane);
        var lanes = plan.Ask.Bureaus().SelectMany(LaneKey.Of).ToList();
        var queues = await transport.LookAsync(lanes, cancellationToken);
        var attending = surroundings.Attending();
        return new LaneList
        {
            Transport = transport.Name,
            TransportState = transport.State,
            Lanes = { lanes.Select(lane => Row(lane, counts.GetValueOrDefault(lane), queues[lane], attending.Contains(lane.Bureau))) },
        };
    }

    public async Task<RebuildLaneReply> RebuildAsync(RebuildLaneRequest request, CancellationToken cancellationToken)
    {
        var lane = Named(request);
        var reply = new RebuildLaneReply { InHand = (ulong)transport.InHand(lane) };
        var before = (await transport.LookAsync([lane], cancellationToken))[lane];
        (reply.Queue, reply.QueueDetail) = (before.State, before.Detail);
        if (request.DryRun)
        {
            reply.References = (ulong)plan.Ask.Lanes().FirstOrDefault(row => row.Lane == lane).Published;
            return reply;
        }
        reply.References = await transport.RebuildAsync(lane, cancellationToken) switch
        {
            LaneRebuild.Done done => (ulong)done.References,
            LaneRebuild.NotNow not => throw new RefusalException(Reasons.StoreUnavailable, not.Text, retryAfter: AskAgain),
            _ => throw NoQueues(),
        };
        return reply;
    }

    private LaneKey Named(RebuildLaneRequest request)
    {
        if (transport is InMemoryLanes) throw NoQueues();
        if (!plan.Ask.Bureaus().Contains(request.Bureau, StringComparer.Ordinal))
            throw new RefusalException(Reasons.FieldInvalid, "Name a bureau of the directory.", ["bureau"]);
        if (!LaneKey.MostUrgentFirst.Contains(request.Precedence))
            throw new RefusalException(Reasons.FieldInvalid, "Name a precedence: routine, priority, immediate or flash.", ["precedence"]);
        return new LaneKey(request.Bureau, request.Precedence);
    }

    private static RefusalException NoQueues() => new(
        Reasons.FieldInvalid, "This node's transport is in memory and has no queues to rebuild: each start plans everything again.", ["bureau"]);

    private LaneRow Row(LaneKey lane, WaitingLane counts, LaneQueue queue, bool attended) => new()
    {
        Bureau = lane.Bureau,
        Precedence = lane.Precedence,
        Waiting = (ulong)counts.Waiting,
        Published = (ulong)counts.Published,
        InHand = (ulong)transport.InHand(lane),
        Attended = attended,
        Queue = queue.State,
        QueueDetail = queue.Detail,
    };
}
