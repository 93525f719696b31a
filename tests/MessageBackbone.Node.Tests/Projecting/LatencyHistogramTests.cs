using FsCheck;
using FsCheck.Fluent;
using MessageBackbone.Node.Projecting;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class LatencyHistogramTests
{
    private static readonly double[] Parts = [0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

    // Evenly over the magnitudes from 1 ms to 30 days.
    private static readonly Arbitrary<TimeSpan[]> Latencies = Gen.Choose(0, 1_000_000)
        .Select(part => TimeSpan.FromMilliseconds(Math.Pow(TimeSpan.FromDays(30).TotalMilliseconds, part / 1_000_000.0))).ArrayOf().ToArbitrary();

    [Fact]
    public void A_percentile_is_within_the_stated_error_of_the_exact_one() => Prop.ForAll(Latencies, latencies =>
    {
        var (histogram, sorted) = (Of(latencies), latencies.Order().ToArray());
        if (sorted.Length == 0) return histogram.Percentile(0.5) is null;
        return Parts.All(part =>
        {
            var exact = sorted[Math.Max(1, (int)Math.Ceiling(part * sorted.Length)) - 1];
            return Math.Abs((histogram.Percentile(part)!.Value - exact) / exact) <= LatencyHistogram.RelativeError;
        });
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Merged_histograms_say_what_one_of_all_says() => Prop.ForAll(Latencies, Latencies, (some, others) =>
    {
        var merged = Of(some);
        merged.Merge(Of(others));
        var all = Of([.. some, .. others]);
        return merged.Count == all.Count && merged.Counts.SequenceEqual(all.Counts);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_bucket_begins_where_the_one_before_ends()
    {
        for (var bucket = 1; bucket < LatencyHistogram.Buckets; bucket++)
        {
            var lower = LatencyHistogram.LowerBound(bucket);
            Assert.Equal(bucket, LatencyHistogram.BucketOf(lower));
            Assert.Equal(bucket - 1, LatencyHistogram.BucketOf(lower - TimeSpan.FromTicks(1)));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(1), LatencyHistogram.LowerBound(1));
        Assert.True(LatencyHistogram.LowerBound(LatencyHistogram.Buckets - 1) > TimeSpan.FromDays(30));
    }

    [Fact]
    public void What_no_bucket_is_for_counts_in_the_first_or_the_last()
    {
        Assert.Equal(0, LatencyHistogram.BucketOf(TimeSpan.FromSeconds(-5)));
        Assert.Equal(0, LatencyHistogram.BucketOf(TimeSpan.Zero));
        Assert.Equal(LatencyHistogram.Buckets - 1, LatencyHistogram.BucketOf(TimeSpan.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LatencyHistogram().Percentile(95));
    }

    private static LatencyHistogram Of(IEnumerable<TimeSpan> latencies)
    {
        var histogram = new LatencyHistogram();
        foreach (var latency in latencies) histogram.Add(latency);
        return histogram;
    }
}
