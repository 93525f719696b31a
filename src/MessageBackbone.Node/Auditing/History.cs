using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;
using Recorded = MessageBackbone.EventLog.RecordedEvent;

namespace MessageBackbone.Node.Auditing;

/// <summary>Reads the log as auditors see it: places by the index of events, the events themselves from the log, each with its leaf.</summary>
internal sealed class History(IEventLog log, Events index)
{
    // Up to this many events are read and left out for one that fits; beyond, each is fetched by its position.
    private const int WorthReadingThrough = 8;

    /// <summary>Events after <paramref name="after"/> that fit, in log order, up to the log's end at the call; with <paramref name="follow"/> without end.</summary>
    public async IAsyncEnumerable<V1.RecordedEvent> ReadAsync(
        EventQuery query, string streamPrefix, LogPosition after, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = await log.EndAsync(cancellationToken);
        await index.WaitForAsync(end, cancellationToken);
        while (true)
        {
            var page = await index.PageAsync(query, after, cancellationToken);
            await foreach (var (recorded, leaf) in FetchAsync(page.Found, cancellationToken))
            {
                if (recorded.Stream.Value.StartsWith(streamPrefix, StringComparison.Ordinal)) yield return Map(recorded, leaf);
            }

            if (page.End > after) after = page.End;
            if (page.Found.Count == Events.PageSize) continue;
            if (!follow && after >= end) yield break;
            await index.WaitForAsync(new(after.Value + 1), cancellationToken);
        }
    }

    private static V1.RecordedEvent Map(Recorded recorded, ulong? leaf)
    {
        var mapped = new V1.RecordedEvent
        {
            Position = recorded.Position.Value,
            Stream = recorded.Stream.Value,
            Revision = recorded.Revision.Value,
            Type = recorded.Type,
            Data = UnsafeByteOperations.UnsafeWrap(recorded.Data),
            Metadata = EventMetadata.Parser.ParseFrom(recorded.Metadata.Span),
            RecordedAt = Timestamp.FromDateTimeOffset(recorded.RecordedAt),
        };
        if (leaf is not { } number) return mapped;
        mapped.LeafIndex = number;
        mapped.Leaf = UnsafeByteOperations.UnsafeWrap(TreeRows.LeafOf(recorded));
        return mapped;
    }

    private async IAsyncEnumerable<(Recorded Recorded, ulong? Leaf)> FetchAsync(
        IReadOnlyList<IndexedEvent> found, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (found.Count == 0) yield break;
        var (first, last) = (found[0].Position, found[^1].Position);
        if (last.Value - first.Value >= (ulong)found.Count * WorthReadingThrough)
        {
            foreach (var place in found)
                yield return (await log.ReadAtAsync(place.Position, cancellationToken) ?? throw Gone(place.Position), place.Leaf);
            yield break;
        }

        // By its own position, not by the one before: in a log whose positions are offsets there is nothing at a position less one.
        yield return (await log.ReadAtAsync(first, cancellationToken) ?? throw Gone(first), found[0].Leaf);
        var next = 1;
        if (next == found.Count) yield break;
        await foreach (var batch in log.ReadAllAsync(first, cancellationToken))
        {
            foreach (var recorded in batch)
            {
                if (recorded.Position != found[next].Position) continue;
                yield return (recorded, found[next].Leaf);
                if (++next == found.Count) yield break;
            }
        }

        throw Gone(found[next].Position);
    }

    private static InvalidOperationException Gone(LogPosition position) => new($"The log lacks the event at position {position} that the index of events names.");
}
