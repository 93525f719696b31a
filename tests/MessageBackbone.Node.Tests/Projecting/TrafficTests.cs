using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class TrafficTests
{
    private static readonly DateTimeOffset Start = ProjectedLog.Start;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_delivery_is_counted_when_the_node_recorded_it_with_the_time_since_the_acceptance()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TrafficRows.Projection);
        var id = await AcceptAsync(log, Start, Precedence.Flash, "DE", "ES");
        await DeliverAsync(log, Start.AddSeconds(4), id, "DE");
        await DeliverAsync(log, Start.AddSeconds(14), id, "ES");
        await follower.CatchUpAsync(Cancel);

        var points = await ReadAsync(follower, TrafficResolution.TenSeconds);

        Assert.Equal([(Start, 1L, 1L), (Start.AddSeconds(10), 0L, 1L)], points.Select(p => (p.Start, p.Accepted, p.Delivered)));
        Assert.Equal(4, points[0].Latency.Percentile(0.5)!.Value.TotalSeconds, tolerance: 4 * LatencyHistogram.RelativeError);
        Assert.Equal(14, points[1].Latency.Percentile(0.5)!.Value.TotalSeconds, tolerance: 14 * LatencyHistogram.RelativeError);
        Assert.Equal(2, Assert.Single(await ReadAsync(follower, TrafficResolution.Minute)).Latency.Count);
    }

    [Fact]
    public async Task What_comes_after_the_end_of_a_delivery_counts_nothing()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TrafficRows.Projection);
        var id = await AcceptAsync(log, Start, Precedence.Routine, "DE", "ES");
        await log.AppendAtAsync(Start, StreamId.Delivery(id, "DE"), new Expired { MessageId = id, Recipient = "DE" });
        await DeliverAsync(log, Start, id, "DE");
        await DeliverAsync(log, Start, id, "ES");
        await DeliverAsync(log, Start, id, "ES");
        await log.AppendAtAsync(Start, StreamId.Delivery(id, "ES"), new V1.Refused { MessageId = id, Recipient = "ES" });
        await DeliverAsync(log, Start, ProjectedLog.NewId(), "FR");
        await follower.CatchUpAsync(Cancel);

        var point = Assert.Single(await ReadAsync(follower, TrafficResolution.Hour));

        Assert.Equal((1L, 1L, 1L, 0L, 1L), (point.Accepted, point.Delivered, point.Expired, point.Refused, point.Latency.Count));
    }

    [Fact]
    public async Task An_alternate_is_a_delivery_of_its_own_from_the_redirection_on()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TrafficRows.Projection);
        var id = await AcceptAsync(log, Start, Precedence.Flash, "DE");
        await log.AppendAtAsync(
            Start.AddMinutes(30), StreamId.Delivery(id, "DE"), new Escalated { MessageId = id, Recipient = "DE", Step = EscalationStep.Alternate },
            new Redirected { MessageId = id, Recipient = "DE", To = "AT", Precedence = Precedence.Flash, At = Start.AddMinutes(30).ToTimestamp() });
        await DeliverAsync(log, Start.AddMinutes(31), id, "AT");
        await DeliverAsync(log, Start.AddMinutes(32), id, "DE");
        await follower.CatchUpAsync(Cancel);

        var point = Assert.Single(await ReadAsync(follower, TrafficResolution.Hour));

        Assert.Equal((1L, 1L, 1L, 1L), (point.Accepted, point.Escalated, point.Redirected, point.Delivered));
        Assert.Equal(60, point.Latency.Percentile(1)!.Value.TotalSeconds, tolerance: 60 * LatencyHistogram.RelativeError);
    }

    [Fact]
    public async Task Steps_count_until_a_flash_message_is_opened()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TrafficRows.Projection);
        var id = await AcceptAsync(log, Start, Precedence.Flash, "DE");
        await DeliverAsync(log, Start.AddSeconds(1), id, "DE");
        await log.AppendAtAsync(Start.AddMinutes(10), StreamId.Delivery(id, "DE"), new Escalated { MessageId = id, Recipient = "DE", Step = EscalationStep.DutyDesk });
        await log.AppendAtAsync(Start.AddMinutes(11), StreamId.Delivery(id, "DE"), new Opened { MessageId = id, Recipient = "DE" });
        await log.AppendAtAsync(Start.AddMinutes(20), StreamId.Delivery(id, "DE"), new Escalated { MessageId = id, Recipient = "DE", Step = EscalationStep.Sender });
        await follower.CatchUpAsync(Cancel);

        Assert.Equal(1, Assert.Single(await ReadAsync(follower, TrafficResolution.Hour)).Escalated);
    }

    [Fact]
    public async Task Points_are_told_by_precedence_and_exercise()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TrafficRows.Projection);
        await AcceptAsync(log, Start, Precedence.Flash, "DE");
        await AcceptAsync(log, Start, Precedence.Routine, "DE");
        var exercise = ProjectedLog.Accepted(ProjectedLog.NewId(), "FR", Precedence.Routine, Start, "DE");
        exercise.Content.Exercise = true;
        await log.AppendAtAsync(Start, StreamId.Message(exercise.Content.MessageId), exercise);
        await follower.CatchUpAsync(Cancel);
        var traffic = new TrafficQueries(follower);

        async Task<long> Accepted(Precedence? precedence, bool? only) =>
            (await traffic.ReadAsync(TrafficResolution.Minute, Start, Start.AddMinutes(1), precedence, only, Cancel)).Sum(p => p.Accepted);

        Assert.Equal((3L, 1L, 2L), (await Accepted(null, null), await Accepted(Precedence.Flash, null), await Accepted(Precedence.Routine, null)));
        Assert.Equal((1L, 2L, 1L), (await Accepted(null, true), await Accepted(null, false), await Accepted(Precedence.Routine, true)));
        Assert.Empty(await traffic.ReadAsync(TrafficResolution.Minute, Start.AddMinutes(1), Start.AddHours(1), null, null, Cancel));
    }

    [Fact]
    public async Task A_point_goes_when_the_newest_event_is_so_much_later()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TrafficRows.Projection);
        TimeSpan[] ages = [TimeSpan.Zero, TimeSpan.FromMinutes(119), TimeSpan.FromMinutes(121), TimeSpan.FromHours(47), TimeSpan.FromHours(49),
            TimeSpan.FromDays(9), TimeSpan.FromDays(11), TimeSpan.FromDays(399), TimeSpan.FromDays(402)];
        var newest = Start.AddDays(500);
        foreach (var age in ages.OrderDescending()) await AcceptAsync(log, newest - age, Precedence.Routine, "DE");
        await follower.CatchUpAsync(Cancel);

        async Task<int> Left(TrafficResolution resolution) => (await ReadAsync(follower, resolution)).Count;

        Assert.Equal((2, 4), (await Left(TrafficResolution.TenSeconds), await Left(TrafficResolution.Minute)));
        Assert.Equal((6, 8), (await Left(TrafficResolution.QuarterHour), await Left(TrafficResolution.Hour)));
        // What comes with an old time is too old at once.
        await AcceptAsync(log, Start.AddDays(10), Precedence.Routine, "DE");
        await follower.CatchUpAsync(Cancel);
        Assert.Equal(8, await Left(TrafficResolution.Hour));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Coarse_points_are_the_sums_of_the_fine_ones_and_rows_do_not_depend_on_where_a_batch_ended(int seed)
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(TrafficRows.Projection);
        await new VariedHistory(log, seed).RunAsync(300, () => follower.CatchUpAsync(Cancel));
        var oneByOne = await ProjectedLog.DumpAsync(follower);
        await follower.RebuildAsync(Cancel);

        Assert.Equal(oneByOne, await ProjectedLog.DumpAsync(follower));
        // The history takes less than two hours: every resolution has all of it.
        var sums = new List<string>();
        foreach (var resolution in TrafficResolutions.All) sums.Add(Sum(await ReadAsync(follower, resolution)));
        Assert.Single(sums.Distinct());
        var fine = await ReadAsync(follower, TrafficResolution.TenSeconds);
        foreach (var minute in await ReadAsync(follower, TrafficResolution.Minute))
            Assert.Equal(Sum([minute]), Sum([.. fine.Where(p => p.Start >= minute.Start && p.Start < minute.Start + minute.Width)]));
    }

    private static string Sum(IReadOnlyList<TrafficPoint> points)
    {
        var latency = new LatencyHistogram();
        foreach (var point in points) latency.Merge(point.Latency);
        return string.Join(' ', points.Sum(p => p.Accepted), points.Sum(p => p.Delivered), points.Sum(p => p.Refused), points.Sum(p => p.Expired),
            points.Sum(p => p.Recalled), points.Sum(p => p.Quarantined), points.Sum(p => p.Redirected), points.Sum(p => p.Escalated),
            string.Join(',', latency.Counts));
    }

    private static async Task<IReadOnlyList<TrafficPoint>> ReadAsync(ProjectionFollower follower, TrafficResolution resolution) =>
        await new TrafficQueries(follower).ReadAsync(resolution, DateTimeOffset.MinValue.AddYears(1000), DateTimeOffset.MaxValue, null, null, Cancel);

    private static async Task<string> AcceptAsync(ProjectedLog log, DateTimeOffset at, Precedence precedence, params string[] to)
    {
        var id = Guid.CreateVersion7(at).ToString("D");
        await log.AppendAtAsync(at, StreamId.Message(id), ProjectedLog.Accepted(id, "FR", precedence, at, to));
        return id;
    }

    private static Task<LogPosition> DeliverAsync(ProjectedLog log, DateTimeOffset at, string id, string bureau) =>
        log.AppendAtAsync(at, StreamId.Delivery(id, bureau), new Delivered { MessageId = id, Recipient = bureau, At = Start.ToTimestamp() });
}
