using Grpc.Core;
using Grpc.Health.V1;
using MessageBackbone.Fixtures;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace MessageBackbone.Node.Tests.Operations;

/// <summary>What a whole node says of itself over the wire.</summary>
public sealed class RunningNodeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_tells_the_health_service_when_it_is_ready()
    {
        await using var house = await House.OpenAsync("FR");
        using var watch = new Health.HealthClient(house["FR"].Channel).Watch(new HealthCheckRequest { Service = "backbone.v1.ExchangeService" }, cancellationToken: Cancel);

        while (await watch.ResponseStream.MoveNext(Cancel))
            if (watch.ResponseStream.Current.Status == ServingStatus.Serving) break;

        var whole = await new Health.HealthClient(house["FR"].Channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel);
        Assert.Equal(ServingStatus.Serving, whole.Status);
    }

    [Fact]
    public async Task An_operator_sees_since_when_the_node_runs_and_what_carries_its_references()
    {
        await using var house = await House.OpenAsync();
        var started = house.Clock.GetUtcNow();
        var chief = await house.AddAsync(new Holder(HolderRole.Operator, "operator-1"));
        house.Clock.Advance(TimeSpan.FromMinutes(7));

        var status = await new OperationsService.OperationsServiceClient(chief.Channel).GetNodeStatusAsync(new NodeStatusRequest(), cancellationToken: Cancel);

        Assert.True(status.StartedAt.ToDateTimeOffset() <= started);
        Assert.Equal(("in-memory", "connected", "sqlite"), (status.Transport, status.TransportState, status.EventLog));
        Assert.Contains("plan", status.Followers.Select(follower => follower.Name));
        Assert.Equal("running", Assert.Single(status.Followers, follower => follower.Name == "publisher").State);
    }

    [Fact]
    public async Task An_operator_lists_the_lanes_and_nobody_else_does_and_in_memory_there_is_nothing_to_rebuild()
    {
        await using var house = await House.OpenAsync("FR");
        var chief = await house.AddAsync(new Holder(HolderRole.Operator, "operator-1"));
        var operations = new OperationsService.OperationsServiceClient(chief.Channel);

        var list = await operations.ListLanesAsync(new ListLanesRequest(), cancellationToken: Cancel);
        var rebuild = await Assert.ThrowsAsync<RpcException>(async () => await operations.RebuildLaneAsync(
            new RebuildLaneRequest { Bureau = "FR", Precedence = Precedence.Flash, DryRun = true }, cancellationToken: Cancel));
        var bureau = await Assert.ThrowsAsync<RpcException>(async () => await new OperationsService.OperationsServiceClient(house["FR"].Channel)
            .ListLanesAsync(new ListLanesRequest(), cancellationToken: Cancel));

        Assert.Equal([Precedence.Flash, Precedence.Immediate, Precedence.Priority, Precedence.Routine], list.Lanes.Select(lane => lane.Precedence));
        Assert.All(list.Lanes, lane => Assert.Equal(("FR", QueueState.Ok, false), (lane.Bureau, lane.Queue, lane.Attended)));
        Assert.Equal(("in-memory", "connected"), (list.Transport, list.TransportState));
        Assert.Equal(StatusCode.InvalidArgument, rebuild.StatusCode);
        Assert.Contains("in memory", rebuild.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.PermissionDenied, bureau.StatusCode);
    }
}
