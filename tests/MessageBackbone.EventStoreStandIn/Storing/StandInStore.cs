using System.Text;
using System.Text.RegularExpressions;
using Google.Protobuf;
using MessageBackbone.EventLog.EventStoreDb.Wire;
using Record = MessageBackbone.EventLog.EventStoreDb.Wire.ReadResp.Types.ReadEvent.Types.RecordedEvent;

namespace MessageBackbone.EventStoreStandIn.Storing;

/// <summary>What one server, or all nodes of a cluster, hold: all events in one order, and the streams. Every member may be called at once.</summary>
/// <remarks>An append is whole or not there. With a file, what was answered survives the end of the process; positions are the same afterwards.</remarks>
public sealed class StandInStore : IDisposable
{
    // As the server was seen to lay out its log: its own first event here, and so much beside the bytes of each event.
    private const ulong FirstPosition = 548;
    private const int BesideAnEvent = 90;

    private readonly Lock _gate = new();
    private readonly List<Record> _all = [];
    private readonly Dictionary<string, StoredStream> _streams = new(StringComparer.Ordinal);
    private readonly KnownIds _known = new();
    private readonly List<LiveFeed> _feeds = [];
    private readonly TimeProvider _clock;
    private readonly StoreFile? _file;
    private ulong _next = FirstPosition;

    /// <param name="clock">Says when an event was made, and how old it is.</param>
    /// <param name="file">Null: in memory.</param>
    public StandInStore(TimeProvider clock, string? file = null)
    {
        _clock = clock;
        if (file is null)
        {
            AddOwn();
            return;
        }

        _file = new(file);
        foreach (var append in _file.ReadAll()) Take(append);
        if (_all.Count == 0) AddOwn();
    }

    /// <summary>Another program appends one event to a stream, wherever it ends.</summary>
    public void Add(string stream, string type, ReadOnlySpan<byte> data) =>
        Append(stream, Expecting.Any, [new(Guid.NewGuid(), type, "application/json", ByteString.CopyFrom(data), ByteString.Empty)]);

    /// <summary>Sets a stream's metadata, as an administrator does: <c>{"$maxCount":100}</c>.</summary>
    public void SetMetadata(string stream, string json) => Add(StreamNamesOfTheServer.MetastreamOf(stream), "$metadata", Encoding.UTF8.GetBytes(json));

    /// <summary>Deletes a stream so that it can be made again.</summary>
    public void Delete(string stream) => SetMetadata(stream, $"{{\"$tb\":{StoredStream.HidesAll}}}");

    /// <summary>Deletes a stream for ever.</summary>
    public void Tombstone(string stream)
    {
        lock (_gate) Write(stream, [new(Guid.NewGuid(), "$streamDeleted", "application/octet-stream", ByteString.Empty, ByteString.Empty)], long.MaxValue);
    }

    /// <summary>The ids of a stream's events, also of those that are not shown any more.</summary>
    public IReadOnlyList<Guid> IdsOf(string stream)
    {
        lock (_gate) return _streams.TryGetValue(stream, out var there) ? there.Events.ConvertAll(e => Ids.Read(e.Id)) : [];
    }

    /// <summary>Forgets what the server keeps in memory alone: the ids by which it knows a repeat under <em>any</em>.</summary>
    public void ForgetIds()
    {
        lock (_gate) _known.Clear();
    }

    public void Dispose() => _file?.Dispose();

    internal Decision Append(string stream, long expected, IReadOnlyList<NewRecord> events)
    {
        lock (_gate)
        {
            var there = _streams.GetValueOrDefault(stream);
            var retention = RetentionOf(stream);
            if (IsTombstoned(stream) || (expected == Expecting.StreamExists && retention.TruncateBefore == StoredStream.HidesAll)) return new Decision.Deleted(stream);
            var question = new AppendQuestion(stream, there, expected, [.. events.Select(e => e.Id)], HasMetadata: MetastreamOf(stream) is not null);
            switch (question.Answer(_known, retention))
            {
                case { } repeat when repeat.Record is { } last:
                    return new Decision.Written((long)last.StreamRevision, IsShown(there!, retention, last) ? last.CommitPosition : null);
                case { } wrong:
                    return new Decision.Wrong(there is { Last: >= 0 } ? (ulong)there.Last : null);
            }

            var first = (there?.Last ?? -1) + 1;
            var position = Write(stream, events, first);
            if (retention.TruncateBefore == StoredStream.HidesAll) SetMetadata(stream, $"{{\"$tb\":{first}}}");
            return new Decision.Written(first + events.Count - 1 is var last2 and >= 0 ? last2 : null, position);
        }
    }

    internal StreamPage ReadStream(string stream, long from, int count, bool backwards)
    {
        lock (_gate)
        {
            if (IsTombstoned(stream)) return new(StreamPageKind.Deleted, []);
            var retention = RetentionOf(stream);
            if (!_streams.TryGetValue(stream, out var there) || there.Events.Count == 0 || retention.TruncateBefore == StoredStream.HidesAll)
                return new(StreamPageKind.NotFound, []);
            var shown = retention.FirstShown(there, _clock.GetUtcNow());
            var found = new List<Record>();
            for (var at = backwards ? Math.Min(from, there.Last) : Math.Max(from, shown); at >= shown && at <= there.Last && found.Count < count; at += backwards ? -1 : 1)
                found.Add(there.Events[(int)at]);
            return new(StreamPageKind.Found, found);
        }
    }

    /// <summary>A page of all events; null: <paramref name="at"/> is no border of an event.</summary>
    /// <param name="at">Forwards the first that is looked at, backwards the one after it; null: the end, or forwards the start.</param>
    internal List<Record>? ReadAll(ulong? at, int count, bool backwards, Regex? streams)
    {
        lock (_gate)
        {
            var index = at is { } position ? IndexOf(position) : backwards ? _all.Count : 0;
            if (index < 0) return null;
            var found = new List<Record>();
            for (var i = backwards ? index - 1 : index; i >= 0 && i < _all.Count && found.Count < count; i += backwards ? -1 : 1)
                if (streams?.IsMatch(_all[i].StreamIdentifier.StreamName.ToStringUtf8()) != false) found.Add(_all[i]);
            return found;

            int IndexOf(ulong border)
            {
                if (border == 0) return 0;
                if (border > _all[^1].CommitPosition) return backwards && border != _next && border != ulong.MaxValue ? -1 : _all.Count;
                return _all.BinarySearch(new() { CommitPosition = border }, ByPosition) is var there and >= 0 ? there : -1;
            }
        }
    }

    /// <summary>From now on the feed gets what is appended.</summary>
    internal IDisposable Follow(LiveFeed feed)
    {
        lock (_gate) _feeds.Add(feed);
        return new Following(this, feed);
    }

    private static Comparer<Record> ByPosition { get; } = Comparer<Record>.Create((one, other) => one.CommitPosition.CompareTo(other.CommitPosition));

    private void AddOwn() => Add("$$$scavenges", "$metadata", "{}"u8);

    private ulong Write(string stream, IReadOnlyList<NewRecord> events, long firstRevision)
    {
        var at = _next;
        var append = new List<Record>(events.Count);
        foreach (var e in events)
        {
            append.Add(NewEvent(stream, e, firstRevision + append.Count, at));
            at += (ulong)(BesideAnEvent + stream.Length + e.Type.Length + e.Data.Length + e.Metadata.Length);
        }

        _file?.Add(append);
        Take(append);
        // An append without events takes a place of its own too.
        var position = append is [.., var last] ? last.CommitPosition : _next;
        _next = append.Count > 0 ? at : _next + (ulong)(BesideAnEvent + stream.Length);
        foreach (var record in append) _known.Add(record);
        foreach (var feed in _feeds)
            foreach (var record in append) feed.Offer(record);
        return position;
    }

    private void Take(List<Record> append)
    {
        foreach (var record in append)
        {
            var stream = record.StreamIdentifier.StreamName.ToStringUtf8();
            if (!_streams.TryGetValue(stream, out var there)) _streams[stream] = there = new();
            if (record.StreamRevision == long.MaxValue) there.Tombstoned = true;
            else there.Events.Add(record);
            _all.Add(record);
            _next = record.CommitPosition + (ulong)(BesideAnEvent + stream.Length + record.Metadata["type"].Length + record.Data.Length + record.CustomMetadata.Length);
        }
    }

    private Record NewEvent(string stream, NewRecord e, long revision, ulong position) => new()
    {
        Id = Ids.Write(e.Id),
        StreamIdentifier = new() { StreamName = ByteString.CopyFromUtf8(stream) },
        StreamRevision = (ulong)revision,
        PreparePosition = position,
        CommitPosition = position,
        Metadata =
        {
            { "type", e.Type },
            { "created", $"{(_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks}" },
            { "content-type", e.ContentType == "application/json" ? e.ContentType : "application/octet-stream" },
        },
        CustomMetadata = e.Metadata,
        Data = e.Data,
    };

    private bool IsTombstoned(string stream) =>
        (_streams.TryGetValue(stream, out var there) && there.Tombstoned)
        || (StreamNamesOfTheServer.Described(stream) is { } described && _streams.TryGetValue(described, out var other) && other.Tombstoned);

    private StoredStream? MetastreamOf(string stream) => _streams.GetValueOrDefault(StreamNamesOfTheServer.MetastreamOf(stream));

    private Retention RetentionOf(string stream) => Retention.Read(MetastreamOf(stream));

    private bool IsShown(StoredStream stream, Retention retention, Record record) =>
        (long)record.StreamRevision >= retention.FirstShown(stream, _clock.GetUtcNow());

    private sealed class Following(StandInStore store, LiveFeed feed) : IDisposable
    {
        public void Dispose()
        {
            lock (store._gate) store._feeds.Remove(feed);
        }
    }
}

internal enum StreamPageKind
{
    Found,
    NotFound,
    Deleted,
}

internal sealed record StreamPage(StreamPageKind Kind, IReadOnlyList<Record> Events);
