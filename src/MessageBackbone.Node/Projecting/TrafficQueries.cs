using MessageBackbone.Node.Projecting.Storing;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Projecting;

/// <summary>How wide the points of a history are; each is kept as long as somebody looks at it so closely.</summary>
internal enum TrafficResolution
{
    TenSeconds = 0,
    Minute,
    QuarterHour,
    Hour,
}

/// <summary>Width and lifetime of the resolutions.</summary>
internal static class TrafficResolutions
{
    /// <summary>In the order of their numbers.</summary>
    public static readonly IReadOnlyList<TrafficResolution> All = Enum.GetValues<TrafficResolution>();

    public static TimeSpan Width(this TrafficResolution resolution) => resolution switch
    {
        TrafficResolution.TenSeconds => TimeSpan.FromSeconds(10),
        TrafficResolution.Minute => TimeSpan.FromMinutes(1),
        TrafficResolution.QuarterHour => TimeSpan.FromMinutes(15),
        _ => TimeSpan.FromHours(1),
    };

    /// <summary>Before the newest event.</summary>
    public static TimeSpan Kept(this TrafficResolution resolution) => resolution switch
    {
        TrafficResolution.TenSeconds => TimeSpan.FromHours(2),
        TrafficResolution.Minute => TimeSpan.FromHours(48),
        TrafficResolution.QuarterHour => TimeSpan.FromDays(10),
        _ => TimeSpan.FromDays(400),
    };
}

/// <summary>What was recorded between <paramref name="Start"/> and <paramref name="Start"/> + <paramref name="Width"/>.</summary>
/// <param name="Accepted">Messages; all others count deliveries, and the alternate of a redirection is one of its own.</param>
/// <param name="Delivered">First receipts that say so; one that came after the delivery had ended counts nothing.</param>
/// <param name="Quarantined">Not final: it may be delivered later.</param>
/// <param name="Escalated">Steps taken.</param>
/// <param name="Latency">Of <paramref name="Delivered"/>: from the acceptance (of an alternate: from the redirection) until the node recorded DELIVERED.</param>
internal sealed record TrafficPoint(
    DateTimeOffset Start, TimeSpan Width, long Accepted, long Delivered, long Refused, long Expired, long Recalled, long Quarantined, long Redirected,
    long Escalated, LatencyHistogram Latency);

/// <summary>Questions to the read model <c>traffic</c>.</summary>
internal sealed class TrafficQueries(ProjectionFollower follower)
{
    /// <summary>Points that start in [<paramref name="from"/>, <paramref name="before"/>), in time order, those without any event left out.</summary>
    /// <param name="precedence">Null: all together.</param>
    /// <param name="exercise">Null: both together.</param>
    public ValueTask<IReadOnlyList<TrafficPoint>> ReadAsync(
        TrafficResolution resolution, DateTimeOffset from, DateTimeOffset before, Precedence? precedence, bool? exercise, CancellationToken cancellationToken) =>
        follower.File.ReadTogetherAsync<IReadOnlyList<TrafficPoint>>(session => Read(session, resolution, from, before, precedence, exercise), cancellationToken);

    /// <summary>How many open deliveries belong to exercises; a bureau and precedence without any is not named.</summary>
    public ValueTask<IReadOnlyDictionary<(string Bureau, Precedence Precedence), ulong>> OpenExercisesAsync(CancellationToken cancellationToken) =>
        follower.File.ReadAsync<IReadOnlyDictionary<(string Bureau, Precedence Precedence), ulong>>(
            session => session.Prepare("SELECT bureau, precedence, count(*) FROM open WHERE exercise = 1 AND delivered = 0 GROUP BY bureau, precedence")
                .All(row => (Place: (row.Text(0), (Precedence)row.Number(1)), Count: (ulong)row.Number(2))).ToDictionary(row => row.Place, row => row.Count),
            cancellationToken);

    private static List<TrafficPoint> Read(
        ReadModelSession session, TrafficResolution resolution, DateTimeOffset from, DateTimeOffset before, Precedence? precedence, bool? exercise)
    {
        Statement Asked(string sql) => session.Prepare(sql).Bind(1, (long)resolution).Bind(2, RowText.Ticks(from)).Bind(3, RowText.Ticks(before))
            .Bind(4, (long?)precedence).Bind(5, exercise is { } only ? (only ? 1 : 0) : default(long?));

        var points = Asked(TrafficRows.Counts).All(row => new TrafficPoint(
            RowText.Time(row.Number(0)), resolution.Width(), row.Number(1), row.Number(2), row.Number(3), row.Number(4), row.Number(5), row.Number(6),
            row.Number(7), row.Number(8), new()));
        var point = -1;
        foreach (var (start, bucket, count) in Asked(TrafficRows.Latencies).All(row => (row.Number(0), (int)row.Number(1), row.Number(2))))
        {
            // What has a latency has a count, so it has a point.
            while (point < 0 || RowText.Ticks(points[point].Start) != start) point++;
            points[point].Latency.Add(bucket, count);
        }

        return points;
    }
}
