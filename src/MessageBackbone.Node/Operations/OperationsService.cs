using System.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Carrying;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Api = MessageBackbone.V1.OperationsService;

namespace MessageBackbone.Node.Operations;

/// <summary>Running the node. The interceptor lets operators through and nobody else.</summary>
internal sealed class OperationsService(
    BoardView board, LaneView lanes, QuarantineView quarantine, RedeliveryView redelivery, DrainView drain, CarryDesk carry, ReadModels models, IEventLog log,
    IEnumerable<IFollower> followers, Surroundings surroundings, NodeIdentity node)
    : Api.OperationsServiceBase
{
    private static readonly string Version =
        typeof(OperationsService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public override async Task<Board> GetBoard(BoardRequest request, ServerCallContext context) => await board.GetAsync(context.CancellationToken);

    public override async Task WatchBoard(BoardRequest request, IServerStreamWriter<Board> responseStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var open = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        await foreach (var next in board.WatchAsync(open.Token)) await responseStream.WriteAsync(next, open.Token);
    }

    public override async Task<RebuildProjectionReply> RebuildProjection(RebuildProjectionRequest request, ServerCallContext context)
    {
        var follower = models.Find(request.Name) ?? throw new RefusalException(
            Reasons.FieldInvalid, $"Name one of the read models: {string.Join(", ", models.All.Select(model => model.Name))}.", ["name"]);
        var rebuilt = await follower.RebuildAsync(context.CancellationToken);
        return new RebuildProjectionReply { Events = (ulong)rebuilt.Events, Position = rebuilt.Position.Value };
    }

    public override async Task<LaneList> ListLanes(ListLanesRequest request, ServerCallContext context) =>
        await lanes.ListAsync(context.CancellationToken);

    public override async Task<RebuildLaneReply> RebuildLane(RebuildLaneRequest request, ServerCallContext context) =>
        await lanes.RebuildAsync(request, context.CancellationToken);

    public override async Task<QuarantineList> ListQuarantine(ListQuarantineRequest request, ServerCallContext context) =>
        await quarantine.ListAsync(request, context.CancellationToken);

    public override async Task<ReleaseQuarantineReply> ReleaseQuarantine(ReleaseQuarantineRequest request, ServerCallContext context) =>
        await quarantine.ReleaseAsync(context.GetCaller(), request, context.CancellationToken);

    public override async Task<RedeliverReply> Redeliver(RedeliverRequest request, ServerCallContext context) =>
        await redelivery.OrderAsync(context.GetCaller(), request, context.CancellationToken);

    public override async Task<DrainReply> Drain(DrainRequest request, ServerCallContext context) =>
        await drain.OrderAsync(context.GetCaller(), request, context.CancellationToken);

    public override async Task CarryOut(CarryOutRequest request, IServerStreamWriter<CarryChunk> responseStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var open = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        await carry.OutAsync(caller, request, responseStream, open.Token);
    }

    public override async Task<CarrySummary> CarryIn(IAsyncStreamReader<CarryChunk> requestStream, ServerCallContext context)
    {
        var caller = context.GetCaller();
        using var open = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, caller.MustEnd);
        return await carry.InAsync(caller, requestStream, open.Token);
    }

    public override async Task<NodeStatus> GetNodeStatus(NodeStatusRequest request, ServerCallContext context) => new()
    {
        Node = node.Name,
        Version = Version,
        Log = log.Name,
        LogPosition = (await log.EndAsync(context.CancellationToken)).Value,
        Transport = surroundings.Transport(),
        TransportState = surroundings.TransportState(),
        Followers = { followers.Select(f => new FollowerStatus { Name = f.Name, Position = f.Position.Value, State = f.State }) },
        Attending = { surroundings.Attending().Order(StringComparer.Ordinal) },
        StartedAt = surroundings.StartedAt.ToTimestamp(),
        EventLog = log.Kind,
        Draining = drain.IsDraining,
    };
}
