using System.Runtime.CompilerServices;
using MessageBackbone.EventLog;

namespace MessageBackbone.Node.Projecting;

/// <summary>The log's batches for a follower. While it is behind, several come as one, and the next are read while those are written: a page of an index that
/// many rows share is then written once for all of them.</summary>
internal static class CatchingUp
{
    /// <summary>So many events, or so many bytes of them, are one batch; a batch of the log's is never cut.</summary>
    private const int MostEvents = 8_192, MostBytes = 4 << 20;

    /// <summary>Every event after <paramref name="after"/>, as <see cref="IEventLog.SubscribeAllAsync"/> gives them.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> BatchesAsync(
        IEventLog log, LogPosition after, [EnumeratorCancellation] CancellationToken stop)
    {
        var end = await log.EndAsync(stop);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using var batches = log.SubscribeAllAsync(after, reading.Token).GetAsyncEnumerator(reading.Token);
        Task<List<RecordedEvent>>? ahead = null;
        try
        {
            while (after < end)
            {
                var gathered = await (ahead ?? GatherAsync(batches, end));
                if (gathered.Count == 0) yield break;
                after = gathered[^1].Position;
                ahead = after < end ? Task.Run(() => GatherAsync(batches, end), CancellationToken.None) : null;
                yield return gathered;
            }
        }
        finally
        {
            // The reader is closed only when nobody reads; what it came to does not matter any more.
            if (ahead is not null)
            {
                await reading.CancelAsync();
                await Task.WhenAny(ahead);
            }
        }

        while (await batches.MoveNextAsync()) yield return batches.Current;
    }

    private static async Task<List<RecordedEvent>> GatherAsync(IAsyncEnumerator<IReadOnlyList<RecordedEvent>> batches, LogPosition end)
    {
        var (gathered, bytes) = (new List<RecordedEvent>(), 0L);
        while (gathered.Count < MostEvents && bytes < MostBytes && await batches.MoveNextAsync())
        {
            gathered.AddRange(batches.Current);
            bytes += batches.Current.Sum(recorded => (long)recorded.Data.Length);
            if (gathered[^1].Position >= end) break;
        }

        return gathered;
    }
}
