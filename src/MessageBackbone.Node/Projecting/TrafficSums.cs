using System.Runtime.InteropServices;
using MessageBackbone.Node.Projecting.Storing;

namespace MessageBackbone.Node.Projecting;

/// <summary>What is counted, in the order of the columns.</summary>
internal enum TrafficCount
{
    Accepted = 0,
    Delivered,
    Refused,
    Expired,
    Recalled,
    Quarantined,
    Redirected,
    Escalated,
}

/// <summary>The rows <c>traffic</c> and <c>latency</c>, for their one writer: added up in memory, written once a batch, and deleted when too old.</summary>
internal sealed class TrafficSums
{
    private const int Counts = 8;
    private readonly Statement _count, _measure, _newest;
    private readonly Statement[] _forget;
    private readonly Dictionary<Key, long[]> _counts = [];
    private readonly Dictionary<(Key Key, int Bucket), long> _latencies = [];
    private readonly long[] _forgotten = [.. TrafficResolutions.All.Select(_ => long.MinValue)];
    private long _seen, _stored;

    public TrafficSums(ReadModelSession session)
    {
        _count = session.Prepare(
            """
            INSERT INTO traffic VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO UPDATE SET
                accepted = accepted + ?5, delivered = delivered + ?6, refused = refused + ?7, expired = expired + ?8,
                recalled = recalled + ?9, quarantined = quarantined + ?10, redirected = redirected + ?11, escalated = escalated + ?12
            """);
        _measure = session.Prepare("INSERT INTO latency VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET deliveries = deliveries + ?6");
        _newest = session.Prepare("INSERT INTO newest VALUES (1, ?1) ON CONFLICT DO UPDATE SET at = ?1");
        string[] tables = ["traffic", "latency"];
        _forget = [.. tables.Select(table => session.Prepare($"DELETE FROM {table} WHERE resolution = ?1 AND start < ?2"))];
        _seen = _stored = session.Number("SELECT at FROM newest") ?? 0;
    }

    /// <summary>An event of this time was seen: it may make others too old.</summary>
    public void See(long at) => _seen = Math.Max(_seen, at);

    public void Count(long at, long precedence, long exercise, TrafficCount count)
    {
        foreach (var resolution in TrafficResolutions.All)
        {
            ref var counts = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, Key.Of(resolution, at, precedence, exercise), out _);
            (counts ??= new long[Counts])[(int)count]++;
        }
    }

    public void Measure(long at, long precedence, long exercise, TimeSpan latency)
    {
        var bucket = LatencyHistogram.BucketOf(latency);
        foreach (var resolution in TrafficResolutions.All)
            CollectionsMarshal.GetValueRefOrAddDefault(_latencies, (Key.Of(resolution, at, precedence, exercise), bucket), out _)++;
    }

    public void Flush()
    {
        foreach (var (key, counts) in _counts)
        {
            if (IsTooOld(key)) continue;
            Bind(_count, key);
            for (var i = 0; i < Counts; i++) _count.Bind(5 + i, counts[i]);
            _count.Run();
        }

        foreach (var ((key, bucket), count) in _latencies)
            if (!IsTooOld(key)) Bind(_measure, key).Bind(5, bucket).Bind(6, count).Run();
        _counts.Clear();
        _latencies.Clear();
        if (_seen == _stored) return;
        Forget();
        _newest.Bind(1, _stored = _seen).Run();
    }

    private void Forget()
    {
        foreach (var resolution in TrafficResolutions.All)
        {
            var oldest = Oldest(resolution);
            if (oldest == _forgotten[(int)resolution]) continue;
            foreach (var delete in _forget) delete.Bind(1, (long)resolution).Bind(2, oldest).Run();
            _forgotten[(int)resolution] = oldest;
        }
    }

    private bool IsTooOld(Key key) => key.Start < Oldest(key.Resolution);

    // The first start that is kept: a point goes with its last moment, not with its first.
    private long Oldest(TrafficResolution resolution) => Key.Of(resolution, _seen - resolution.Kept().Ticks, 0, 0).Start;

    private static Statement Bind(Statement statement, Key key) =>
        statement.Bind(1, (long)key.Resolution).Bind(2, key.Start).Bind(3, key.Precedence).Bind(4, key.Exercise);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Key(TrafficResolution Resolution, long Start, long Precedence, long Exercise)
    {
        public static Key Of(TrafficResolution resolution, long at, long precedence, long exercise)
        {
            var width = resolution.Width().Ticks;
            // Down also before 1970.
            var start = at - (((at % width) + width) % width);
            return new(resolution, start, precedence, exercise);
        }
    }
}
