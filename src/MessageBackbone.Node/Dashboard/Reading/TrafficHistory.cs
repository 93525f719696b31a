using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Dashboard.Reading;

/// <summary>How far back a chart looks, and how wide its points are.</summary>
internal sealed record TrafficRange(string Name, TimeSpan Back, TrafficResolution Resolution, TimeSpan Point)
{
    public static readonly IReadOnlyList<TrafficRange> All =
    [
        new("hour", TimeSpan.FromHours(1), TrafficResolution.TenSeconds, TimeSpan.FromSeconds(20)),
        new("day", TimeSpan.FromDays(1), TrafficResolution.Minute, TimeSpan.FromMinutes(10)),
        new("week", TimeSpan.FromDays(7), TrafficResolution.QuarterHour, TimeSpan.FromHours(1)),
        new("quarter", TimeSpan.FromDays(90), TrafficResolution.Hour, TimeSpan.FromHours(12)),
    ];

    public static TrafficRange Of(string? name) => All.FirstOrDefault(range => range.Name == name) ?? All[0];
}

/// <summary>What rates are told per: the shortest time in which the busiest point has a message, so that a small house's chart is not one line at nought.</summary>
internal sealed record RateUnit(string Name, double Seconds)
{
    private static readonly RateUnit[] All = [new("second", 1), new("minute", 60), new("hour", 3600)];

    public static RateUnit Of(IEnumerable<ChartPoint> perSecond)
    {
        var most = perSecond.Select(point => Math.Max(point.Accepted, Math.Max(point.Delivered, point.Ended))).DefaultIfEmpty().Max();
        return All.FirstOrDefault(unit => most * unit.Seconds >= 1) ?? (most > 0 ? All[^1] : All[0]);
    }
}

/// <summary>A point of a chart; its counts are rates.</summary>
/// <param name="MedianMs">Half of the deliveries took at most so long; null: none was made.</param>
/// <param name="SlowestMs">99 of 100.</param>
internal sealed record ChartPoint(DateTime At, double Accepted, double Delivered, double Ended, double? MedianMs, double? SlowestMs)
{
    public ChartPoint Per(RateUnit unit) =>
        this with { Accepted = Accepted * unit.Seconds, Delivered = Delivered * unit.Seconds, Ended = Ended * unit.Seconds };
}

/// <summary>Reads a chart: points of the read model put together by adding counters and histograms, never by averaging percentiles.</summary>
internal static class TrafficHistory
{
    /// <summary>Rates are per second.</summary>
    public static async Task<IReadOnlyList<ChartPoint>> ReadAsync(
        TrafficQueries queries, TrafficRange range, Precedence? precedence, bool? exercise, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var width = range.Point.Ticks;
        var first = new DateTimeOffset((now - range.Back).UtcTicks / width * width, TimeSpan.Zero);
        var points = await queries.ReadAsync(range.Resolution, first, now, precedence, exercise, cancellationToken);
        var byStart = points.ToLookup(point => point.Start.UtcTicks / width);
        var all = new List<ChartPoint>();
        // Quiet times have points too: a line from one busy hour to the next would say that there was traffic between.
        for (var start = first.UtcTicks / width; start * width < now.UtcTicks; start++) all.Add(Merge(new DateTime(start * width, DateTimeKind.Utc), range.Point, byStart[start]));
        return all;
    }

    private static ChartPoint Merge(DateTime at, TimeSpan width, IEnumerable<TrafficPoint> points)
    {
        var (accepted, delivered, ended, latency) = (0L, 0L, 0L, new LatencyHistogram());
        foreach (var point in points)
        {
            accepted += point.Accepted;
            delivered += point.Delivered;
            ended += point.Refused + point.Expired + point.Recalled;
            latency.Merge(point.Latency);
        }

        return new(at, accepted / width.TotalSeconds, delivered / width.TotalSeconds, ended / width.TotalSeconds,
            latency.Percentile(0.5)?.TotalMilliseconds, latency.Percentile(0.99)?.TotalMilliseconds);
    }
}
