using System.Text.Json;
using Record = MessageBackbone.EventLog.EventStoreDb.Wire.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace MessageBackbone.EventStoreStandIn.Storing;

/// <summary>The events of one stream. A soft deletion is metadata that hides all of them; a tombstone is for ever.</summary>
internal sealed class StoredStream
{
    public const long HidesAll = long.MaxValue;

    public List<Record> Events { get; } = [];

    public bool Tombstoned { get; set; }

    public long Last => Events.Count - 1;
}

/// <summary>What a stream's metadata hides. Metadata that is not said to be JSON, or is no JSON object, says nothing.</summary>
internal sealed record Retention(long TruncateBefore, long? MaxCount, TimeSpan? MaxAge)
{
    public static Retention None { get; } = new(0, null, null);

    public static Retention Read(StoredStream? metastream)
    {
        if (metastream is not { Events: [.., var last] } || last.Metadata["content-type"] != "application/json") return None;
        try
        {
            using var json = JsonDocument.Parse(last.Data.Memory);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return None;
            return new(Number(json, "$tb") ?? 0, Number(json, "$maxCount"), Number(json, "$maxAge") is { } age ? TimeSpan.FromSeconds(age) : null);
        }
        catch (JsonException)
        {
            return None;
        }
    }

    /// <summary>The first revision that is shown.</summary>
    public long FirstShown(StoredStream stream, DateTimeOffset now)
    {
        var first = Math.Max(TruncateBefore, MaxCount is { } count ? stream.Events.Count - count : 0);
        if (MaxAge is not { } age) return first;
        var oldest = (now - age - DateTimeOffset.UnixEpoch).Ticks;
        while (first < stream.Events.Count && long.Parse(stream.Events[(int)first].Metadata["created"]) < oldest) first++;
        return first;
    }

    private static long? Number(JsonDocument json, string name) =>
        json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
