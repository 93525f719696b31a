using System.Numerics;

namespace MessageBackbone.Node.Projecting;

/// <summary>Counts of latencies in fixed buckets, so that histograms of two times are added to one of both, and a percentile of the sum is that of all.</summary>
/// <remarks>Sixteen buckets to each doubling from 1 ms to 30 days and more: what is told of a latency in this range is at most <see cref="RelativeError"/> off.
/// Shorter ones count as 1 ms, longer ones as the last bucket.</remarks>
internal sealed class LatencyHistogram
{
    /// <summary>Of a percentile against the exact one: half of the widest bucket, measured at its lower end.</summary>
    public const double RelativeError = 1.0 / 32;

    private const int SubBits = 4, Sub = 1 << SubBits, Doublings = 32;

    // 1/16 ms: the width of the first buckets.
    private const long Unit = TimeSpan.TicksPerMillisecond / Sub;

    // Few of the buckets are used, and they mostly come in their order.
    private readonly SortedList<int, long> _counts = [];

    /// <summary>Buckets are numbered from 0 on.</summary>
    public const int Buckets = 1 + (Doublings * Sub);

    public long Count { get; private set; }

    /// <summary>Every bucket that is not empty, from the shortest latency on.</summary>
    public IEnumerable<(int Bucket, long Count)> Counts => _counts.Select(entry => (entry.Key, entry.Value));

    /// <summary>Where a latency is counted. 0: less than 1 ms, also what a clock that was set back says.</summary>
    public static int BucketOf(TimeSpan latency)
    {
        var units = latency.Ticks / Unit;
        if (units < Sub) return 0;
        var doubling = BitOperations.Log2((ulong)units) - SubBits;
        return doubling < Doublings ? 1 + (doubling * Sub) + (int)(units >> doubling) - Sub : Buckets - 1;
    }

    /// <summary>The shortest latency of a bucket.</summary>
    public static TimeSpan LowerBound(int bucket)
    {
        if (bucket == 0) return TimeSpan.Zero;
        var (doubling, sub) = Math.DivRem(bucket - 1, Sub);
        return TimeSpan.FromTicks(((long)(Sub + sub) << doubling) * Unit);
    }

    /// <summary>What is told of a latency in a bucket: its middle; 1 ms of the first.</summary>
    public static TimeSpan ValueOf(int bucket) =>
        bucket == 0 ? TimeSpan.FromMilliseconds(1) : (LowerBound(bucket) + LowerBound(bucket + 1)) / 2;

    public void Add(TimeSpan latency, long count = 1) => Add(BucketOf(latency), count);

    public void Add(int bucket, long count)
    {
        if (_counts.IndexOfKey(bucket) is var place and >= 0) _counts.SetValueAtIndex(place, _counts.GetValueAtIndex(place) + count);
        else _counts.Add(bucket, count);
        Count += count;
    }

    public void Merge(LatencyHistogram other)
    {
        foreach (var (bucket, count) in other._counts) Add(bucket, count);
    }

    /// <summary>The latency that the part <paramref name="p"/> of all does not exceed, by rank; null: nothing was counted.</summary>
    /// <param name="p">From 0 to 1: 0.95 is the 95th percentile.</param>
    public TimeSpan? Percentile(double p)
    {
        if (p is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "A part of all is 0 to 1.");
        var rank = Math.Max(1, (long)Math.Ceiling(p * Count));
        foreach (var (bucket, count) in _counts)
        {
            rank -= count;
            if (rank <= 0) return ValueOf(bucket);
        }

        return null;
    }
}
