using Record = MessageBackbone.EventLog.EventStoreDb.Wire.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace MessageBackbone.EventStoreStandIn.Storing;

/// <summary>Whether an append is new, a repeat or wrong, as the server decides it: only ids are compared, and only below the current revision; under
/// <em>any</em> by what is still in memory.</summary>
internal sealed record AppendQuestion(string Stream, StoredStream? There, long Expected, Guid[] Events, bool HasMetadata)
{
    /// <summary>Null: it is to be written. Else the last event of what it repeats, or none when the expectation is wrong.</summary>
    public Found? Answer(KnownIds known, Retention retention)
    {
        var last = There?.Last ?? -1;
        if (Expected == Expecting.StreamExists && last < 0 && !HasMetadata) return Found.Nothing;
        if (Expected is Expecting.Any or Expecting.StreamExists) return AnswerByMemory(known);
        if (Expected > last) return Found.Nothing;
        if (Expected == last) return null;
        for (var i = 0; i < Events.Length; i++)
        {
            if (Expected + 1 + i is var at && at <= last && Ids.Read(There!.Events[(int)at].Id) == Events[i]) continue;
            return i == 0 && Expected == Expecting.NoStream && retention.TruncateBefore == StoredStream.HidesAll ? null : Found.Nothing;
        }

        return Events.Length == 0 ? Found.Nothing : new(There!.Events[(int)(Expected + Events.Length)]);
    }

    private Found? AnswerByMemory(KnownIds known)
    {
        Record? last = null;
        foreach (var id in Events)
        {
            if (known.Find(Stream, id) is not { } record) return last is null ? null : Found.Nothing;
            last = record;
        }

        return last is null ? null : new(last);
    }

    public sealed record Found(Record? Record)
    {
        public static Found Nothing { get; } = new((Record?)null);
    }
}

/// <summary>The ids that the server still has in memory, with their streams.</summary>
internal sealed class KnownIds
{
    private readonly Dictionary<Guid, Record> _last = [];

    public void Add(Record record) => _last[Ids.Read(record.Id)] = record;

    public Record? Find(string stream, Guid id) =>
        _last.TryGetValue(id, out var record) && record.StreamIdentifier.StreamName.ToStringUtf8() == stream ? record : null;

    public void Clear() => _last.Clear();
}
