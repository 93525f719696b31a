using System.Text.Json;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Keeps the index of ids up with the log, and sees on the way what is set against the log's promises: retention, deletion, others' events.</summary>
internal sealed class IndexFollowing(SharedPages pages, IdIndex index, ILogger logger) : IDisposable
{
    private static readonly string[] Retention = ["$maxAge", "$maxCount", "$tb"];

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Returns when the index knows every event up to <paramref name="position"/>.</summary>
    /// <exception cref="EventLogUnavailableException">The log cannot be read, or ends before.</exception>
    public async Task ReachAsync(LogPosition position, CancellationToken cancellationToken)
    {
        if (index.Followed >= position.Value) return;
        await ToEndAsync(cancellationToken);
        if (index.Followed < position.Value)
            throw new EventLogUnavailableException($"The event log names {position} as its last position and ends at {index.Followed}.");
    }

    /// <summary>Reads on to the end of the log.</summary>
    public async Task ToEndAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            for (var more = true; more;)
            {
                (var page, more) = await pages.AfterAsync(index.Followed, cancellationToken);
                if (page.Events.Count > 0) Take(page);
            }
        }
        catch (Sqlite.SqliteFault fault)
        {
            throw new EventLogUnavailableException($"The index of event ids cannot be written: {fault.Message}", fault);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private void Take(LogPage page)
    {
        var (events, objections) = (new List<StoredEvent>(page.Events.Count), new List<(string, string?)>());
        foreach (var (answer, stored) in page.Events.Zip(page.Stored))
        {
            if (stored is not null)
            {
                events.Add(stored);
                continue;
            }

            var stream = answer.Event.StreamIdentifier.StreamName.ToStringUtf8();
            objections.Add(StreamNames.Described(stream) is { } described ? (described, RetentionIn(answer.Event.Data.Memory)) : (stream, ObjectionTo(answer.Event)));
        }

        foreach (var (stream, what) in objections)
            if (what is not null) EventLogLog.Objection(logger, stream, what);
        index.Take(events, objections, (page.Last, page.Events[^1].Event.Id.ToGuid()));
    }

    private static string ObjectionTo(ReadResp.Types.ReadEvent.Types.RecordedEvent e)
    {
        var type = e.Metadata.GetValueOrDefault(StoredEvent.TypeKey, "");
        return type == "$streamDeleted" ? "the stream was deleted" : $"holds an event that this log did not write (type '{type}', revision {e.StreamRevision})";
    }

    // Null: the stream keeps everything for ever.
    private static string? RetentionIn(ReadOnlyMemory<byte> metadata)
    {
        try
        {
            using var json = JsonDocument.Parse(metadata);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return "has metadata that cannot be read";
            var set = Retention.Where(name => json.RootElement.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null).ToList();
            return set.Count == 0 ? null : $"its metadata sets {string.Join(" and ", set)}";
        }
        catch (JsonException)
        {
            return "has metadata that cannot be read";
        }
    }
}
