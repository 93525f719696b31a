using System.Net;
using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Says which host to go to: the one that is named, or the one that the others name as their leader.</summary>
internal sealed class LeaderFinding(ConnectionString to, ServerChannel server, TimeProvider clock)
{
    /// <exception cref="EventLogUnavailableException">No host named a leader that is alive.</exception>
    public async Task<DnsEndPoint> FindAsync(CancellationToken cancellationToken)
    {
        if (!to.Discover) return to.Hosts[0];
        var (why, last) = ("", default(Exception));
        for (var round = 0; round < to.DiscoverAttempts; round++)
        {
            if (round > 0) await Task.Delay(to.DiscoveryInterval, clock, cancellationToken);
            foreach (var host in to.Hosts)
            {
                try
                {
                    if (await AskAsync(host, cancellationToken) is { } leader) return leader;
                    (why, last) = ($": {ConnectionString.Show(host)} answers and knows none", null);
                }
                catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
                {
                    // That one answers says more than that another does not.
                    if (why.Length == 0 || last is not null) (why, last) = ($": {ServerFaults.Words(e)}", e);
                }
            }
        }

        throw new EventLogUnavailableException($"No host of {to} named a leader{why}", last);
    }

    private async Task<DnsEndPoint?> AskAsync(DnsEndPoint host, CancellationToken cancellationToken)
    {
        using var channel = server.Open(host);
        using var late = new CancellationTokenSource(to.GossipTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var members = await new Gossip.GossipClient(channel).ReadAsync(new(), server.Headers(requiresLeader: false), cancellationToken: both.Token);
        var leader = members.Members.FirstOrDefault(member => member is { IsAlive: true, State: MemberInfo.Types.VNodeState.Leader, HttpEndPoint: not null });
        return leader is null ? null : new(leader.HttpEndPoint.Address, (int)leader.HttpEndPoint.Port);
    }
}
