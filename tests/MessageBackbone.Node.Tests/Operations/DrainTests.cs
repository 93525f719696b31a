using Google.Protobuf.WellKnownTypes;
using MessageBackbone.Domain;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Projecting;
using MessageBackbone.Node.Tests.Delivering;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;
using OperationsClient = MessageBackbone.V1.OperationsService.OperationsServiceClient;

namespace MessageBackbone.Node.Tests.Operations;

/// <summary>Drain over the wire, and the alerts that operators acknowledge: what stream <c>operations</c> gets, and what the node does.</summary>
public sealed class DrainTests
{
    private const string Operator = "urn:backbone:operator:operator-1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_submissions_are_refused_repeats_get_their_receipt_deliveries_go_on_and_gateways_are_told_once()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        var (accepted, refused) = (house["FR"].Compose(house["DE"]), house["FR"].Compose(house["DE"]));
        var first = await house["FR"].SubmitAsync(accepted);
        using var attending = await Attending.OpenAsync(house, "DE");
        var delivery = await attending.DeliveryAsync();

        var reply = await operations.DrainAsync(
            new DrainRequest { Reason = "PLANNED_STOP", RetryAfter = TimeSpan.FromSeconds(90).ToDuration() }, cancellationToken: Cancel);

        Assert.Equal((true, 90L, 0ul, 1ul), (reply.Draining, reply.RetryAfter.Seconds, reply.Submissions, reply.Waiting));
        Assert.Equal(["DE"], reply.Attending);
        Assert.Equal((Operator, "PLANNED_STOP", 90L), (reply.Ordered.Operator, reply.Ordered.Reason, reply.Ordered.RetryAfter.Seconds));
        var told = (await attending.NextAsync()).Draining;
        Assert.Equal((90L, true), (told.RetryAfter.Seconds, told.StreamGoesOn));
        var not = await Refused.ForAsync("DRAINING", () => house["FR"].SubmitAsync(refused));
        Assert.Equal(TimeSpan.FromSeconds(90), not.RetryAfter);
        var repeat = await house["FR"].SubmitAsync(accepted);
        Assert.Equal((true, first.Position), (repeat.Duplicate, repeat.Position));
        Assert.True((await operations.GetNodeStatusAsync(new NodeStatusRequest(), cancellationToken: Cancel)).Draining);
        await operations.DrainAsync(new DrainRequest { RetryAfter = TimeSpan.FromSeconds(90).ToDuration() }, cancellationToken: Cancel); // nothing new
        await attending.RecordAsync(delivery); // the next frame is the answer
        Assert.Equal(0ul, (await operations.DrainAsync(new DrainRequest { DryRun = true, End = true }, cancellationToken: Cancel)).Submissions);

        var ended = await operations.DrainAsync(new DrainRequest { End = true, Reason = "NOT_NOW" }, cancellationToken: Cancel);
        Assert.Equal((false, "NOT_NOW", null), (ended.Draining, ended.Ended.Reason, ended.RetryAfter));
        Assert.Equal((0L, true), ((await attending.NextAsync()).Draining is var over ? over.RetryAfter.Seconds : -1, over.StreamGoesOn));
        Assert.False((await house["FR"].SubmitAsync(refused)).Duplicate);
        Assert.Equal(refused, (await attending.DeliveryAsync()).Envelope);
        Assert.Equal([typeof(DrainOrdered), typeof(DrainEnded)], await KindsAsync(house));
        Assert.Equal(0, await house.CountAsync("security.refused.v1"));
    }

    [Fact]
    public async Task What_is_handed_in_by_a_stream_is_refused_alike()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        using var many = house["FR"].Exchange.SubmitMany(cancellationToken: Cancel);
        await operations.DrainAsync(new DrainRequest(), cancellationToken: Cancel);

        await many.RequestStream.WriteAsync(new SubmitRequest { Envelope = house["FR"].Compose(house["DE"]) }, Cancel);

        Assert.True(await many.ResponseStream.MoveNext(Cancel));
        Assert.Equal(("DRAINING", 60L), (many.ResponseStream.Current.Refused.Reason, many.ResponseStream.Current.Refused.RetryAfter.Seconds));
    }

    [Fact]
    public async Task A_restart_ends_it_and_the_log_says_so()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);
        await operations.DrainAsync(new DrainRequest(), cancellationToken: Cancel);

        await house.RestartAsync();

        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        Assert.Equal([typeof(DrainOrdered), typeof(DrainEnded)], await KindsAsync(house));
        var ended = (DrainEnded)(await OperationsAsync(house))[^1];
        Assert.Equal(("RESTARTED", house.Node.Services.GetRequiredService<NodeIdentity>().Uri), (ended.Reason, ended.Operator));
        await house.RestartAsync();
        Assert.Equal(2, (await OperationsAsync(house)).Count);
    }

    [Fact]
    public async Task A_dry_run_shows_the_event_and_does_nothing_and_a_request_that_is_not_whole_is_refused()
    {
        await using var house = await House.OpenAsync("FR", "DE");
        var operations = await OperatorAsync(house);

        var dry = await operations.DrainAsync(new DrainRequest { DryRun = true, Reason = "PLANNED_STOP" }, cancellationToken: Cancel);
        var none = await operations.DrainAsync(new DrainRequest { End = true }, cancellationToken: Cancel);

        Assert.Equal((false, "PLANNED_STOP", 60L), (dry.Draining, dry.Ordered.Reason, dry.Ordered.RetryAfter.Seconds));
        Assert.Equal((false, null, null), (none.Draining, none.Ordered, none.Ended));
        Assert.Empty(await OperationsAsync(house));
        await house["FR"].SubmitAsync(house["FR"].Compose(house["DE"]));
        foreach (var seconds in new long[] { 0, -1, 3_601, 315_576_000_000 })
            Assert.Contains("retry_after", (await Refused.ForAsync("FIELD_INVALID", async () =>
                await operations.DrainAsync(new DrainRequest { RetryAfter = new Duration { Seconds = seconds } }, cancellationToken: Cancel))).Fields);
        Assert.Contains("reason", (await Refused.ForAsync("FIELD_INVALID", async () =>
            await operations.DrainAsync(new DrainRequest { Reason = "a name" }, cancellationToken: Cancel))).Fields);
        await Refused.ForAsync("ROLE_REQUIRED", async () =>
            await new OperationsClient(house["FR"].Channel).DrainAsync(new DrainRequest(), cancellationToken: Cancel));
    }

    [Fact]
    public async Task An_alert_counts_as_acknowledged_until_it_runs_out_the_newest_one_of_each_also_after_a_rebuild()
    {
        await using var house = await House.OpenAsync("FR");
        var acknowledgements = house.Node.Services.GetRequiredService<Acknowledgements>();
        await acknowledgements.AcknowledgeAsync("late/DE.flash", Operator, Cancel);
        house.Clock.Advance(TimeSpan.FromHours(5));
        await acknowledgements.AcknowledgeAsync("disk", Operator, Cancel);
        await acknowledgements.AcknowledgeAsync("late/DE.flash", "urn:backbone:operator:operator-2", Cancel);

        var current = await acknowledgements.CurrentAsync(Cancel);
        Assert.Equal([("disk", Operator), ("late/DE.flash", "urn:backbone:operator:operator-2")], current.Select(one => (one.Alert, one.By)));
        Assert.All(current, one => Assert.Equal(TimeSpan.FromHours(8), one.Until - one.At));
        Assert.Equal(3, await house.CountAsync("operations.alert-acknowledged.v1"));
        await house.Node.Services.GetRequiredService<ReadModels>().Find("acknowledgements")!.RebuildAsync(Cancel);
        Assert.Equal(current, await acknowledgements.CurrentAsync(Cancel));
        house.Clock.Advance(TimeSpan.FromHours(8));
        Assert.Empty(await acknowledgements.CurrentAsync(Cancel));
        Assert.Equal(["alert"], (await Assert.ThrowsAsync<RefusalException>(() => acknowledgements.AcknowledgeAsync("an alert", Operator, Cancel))).Fields);
    }

    private static async Task<OperationsClient> OperatorAsync(House house) =>
        new((await house.AddAsync(new Holder(HolderRole.Operator, "operator-1"))).Channel);

    private static async Task<List<Google.Protobuf.IMessage>> OperationsAsync(House house) =>
        [.. (await house.ReadAsync(StreamId.Operations)).Select(recorded => EventTypes.Parse(recorded.Type, recorded.Data))];

    private static async Task<IEnumerable<System.Type>> KindsAsync(House house) => (await OperationsAsync(house)).Select(made => made.GetType());
}
