using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using MessageBackbone.EventStoreStandIn.Storing;

namespace MessageBackbone.EventStoreStandIn.Serving;

/// <summary>Who is in the cluster. Asked without a user, too.</summary>
internal sealed class GossipService(StandIn node) : Gossip.GossipBase
{
    public override async Task<ClusterInfo> Read(Empty request, ServerCallContext context)
    {
        await new Callers(node).AdmitAsync(context);
        return new() { Members = { node.Cluster.Nodes.Select(Describe) } };
    }

    private static MemberInfo Describe(StandIn member) => new()
    {
        InstanceId = Ids.Write(member.Id),
        TimeStamp = (member.Options.Clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks,
        State = member.Leads ? MemberInfo.Types.VNodeState.Leader : MemberInfo.Types.VNodeState.Follower,
        IsAlive = member.IsRunning,
        HttpEndPoint = new() { Address = "127.0.0.1", Port = (uint)member.Port },
    };
}
