using Google.Protobuf.WellKnownTypes;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>The append contract over a server that compares ids within one stream only, and at some revisions only.</summary>
/// <remarks>
/// The server is never asked for <em>any</em> revision, whose repeats it knows from a cache that a restart empties: the exact one is sent. Ids are looked for in
/// an index of the whole log. What is in doubt (no answer came) is settled before anything else is answered: the index is brought up to the leader's end.
/// A write that lands later still meets the exact revision: it, or what was sent in its place, is then a repeat or is refused.
/// </remarks>
internal sealed class AppendDesk(
    LeaderLink link, ServerReader reader, IndexFollowing following, IdIndex index, StreamNames names, TimeSpan deadline, int recentIds)
{
    // A message holds at least one event, and so at most this and an event.
    private const int MessageBytes = 1 << 20;

    private readonly StreamTurns _turns = new();
    private readonly IdHolds _holds = new();
    private long _doubts;
    private long _settled;

    /// <param name="before">What must have ended before anything is sent. It is waited for inside the stream's turn, so that it changes no order.</param>
    public async Task<AppendOutcome> AppendAsync(
        StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events, Task before, CancellationToken cancellationToken)
    {
        using var turn = await _turns.TakeAsync(stream, cancellationToken);
        await before.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        using var hold = await _holds.TakeAsync(events, cancellationToken);
        await link.ConnectAsync(cancellationToken);
        // An index that cannot be written would grow in memory instead.
        if (index.Recent >= recentIds) await following.ToEndAsync(CancellationToken.None);
        while (true)
        {
            // Before the look at the ids: what lands after it then meets another revision than the one that is sent.
            var head = expected.IsAny ? await reader.HeadAsync(stream, CancellationToken.None) : null;
            await SettleAsync();
            if (await KnownAsync(stream, expected, events) is { } known) return known;
            var at = expected.IsAny ? head : expected.Last?.Value;
            if (at >= long.MaxValue) return await ConflictAsync(stream);
            switch (await SendAsync(stream, at, events))
            {
                case AppendAnswer.Written written:
                    return await WrittenAsync(stream, written, events);
                case AppendAnswer.Elsewhere when expected.IsAny:
                    Interlocked.Increment(ref _doubts);
                    continue;
                case AppendAnswer.Elsewhere elsewhere:
                    return new AppendOutcome.Conflict(elsewhere.Revision is { } actual ? new(actual) : null);
                case AppendAnswer.Refused refused:
                    throw new EventLogUnavailableException($"The event log refused an append: {refused.Why}");
                case AppendAnswer.Unknown unknown:
                    throw InDoubt(unknown.Why, null);
            }
        }
    }

    private async Task<AppendAnswer> SendAsync(StreamId stream, ulong? at, IReadOnlyList<NewEvent> events)
    {
        var connection = await link.ConnectAsync(CancellationToken.None);
        var correlation = Guid.NewGuid();
        try
        {
            return AppendAnswer.Read(await connection.Appending.AppendAsync(Messages(correlation, stream, at, events), correlation));
        }
        catch (AppendInDoubtException e)
        {
            throw InDoubt(link.Failed(connection, e.InnerException!).Message, e);
        }
    }

    private EventLogUnavailableException InDoubt(string why, Exception? fault)
    {
        Interlocked.Increment(ref _doubts);
        return new($"It is not known whether an append was written: {why}", fault);
    }

    private async Task SettleAsync()
    {
        var doubts = Volatile.Read(ref _doubts);
        if (doubts == Volatile.Read(ref _settled)) return;
        await following.ReachAsync(await reader.EndAsync(CancellationToken.None), CancellationToken.None);
        // Never back: another caller may have settled more meanwhile.
        for (var settled = Volatile.Read(ref _settled); settled < doubts;)
        {
            var seen = Interlocked.CompareExchange(ref _settled, doubts, settled);
            if (seen == settled) return;
            settled = seen;
        }
    }

    private async Task<AppendOutcome> WrittenAsync(StreamId stream, AppendAnswer.Written written, IReadOnlyList<NewEvent> events)
    {
        if (written.Position is { } position)
        {
            index.Remember(stream, written.Revision, position, events);
            return new AppendOutcome.Appended(new(written.Revision), new(position));
        }

        await following.ReachAsync(await reader.EndAsync(CancellationToken.None), CancellationToken.None);
        return await KnownAsync(stream, ExpectedRevision.Any, events)
            ?? throw InDoubt("the server says that it was, and the log does not hold it", null);
    }

    private async Task<AppendOutcome> ConflictAsync(StreamId stream) =>
        new AppendOutcome.Conflict(await reader.HeadAsync(stream, CancellationToken.None) is { } head ? new(head) : null);

    /// <summary>The outcome when one of the ids is in the log: the first outcome for the same append, else a conflict. Null: none is.</summary>
    private async Task<AppendOutcome?> KnownAsync(StreamId stream, ExpectedRevision expected, IReadOnlyList<NewEvent> events)
    {
        var (found, inPlace, first) = (0, 0, 0UL);
        AppendOutcome? outcome = null;
        for (var i = 0; i < events.Count; i++)
        {
            if (await PlaceOfAsync(events[i].EventId) is not { } at) continue;
            if (found++ == 0) first = at.Revision - (ulong)i;
            if (at.Stream == stream && at.Part == i && at.Parts == events.Count && at.Revision == first + (ulong)i) inPlace++;
            outcome = new AppendOutcome.Appended(new(at.Revision), new(at.Position));
        }

        if (found == 0) return null;
        return inPlace == events.Count && expected.Names(new(first)) ? outcome : await ConflictAsync(stream);
    }

    private async ValueTask<Place?> PlaceOfAsync(Guid id)
    {
        var (place, position) = index.Find(id);
        if (place is not null || position is null) return place;
        return await reader.AtAsync(position.Value, index.Holds, CancellationToken.None) is { } stored && stored.Event.EventId == id
            ? new(stored.Event.Stream, stored.Event.Revision.Value, stored.Part, stored.Parts, position.Value)
            : throw new EventLogUnavailableException($"The event log does not hold at {position} what it held: it is older than the index of its ids.");
    }

    private IEnumerable<BatchAppendReq> Messages(Guid correlation, StreamId stream, ulong? at, IReadOnlyList<NewEvent> events)
    {
        var message = new BatchAppendReq { CorrelationId = correlation.ToWire(), Options = new() { StreamIdentifier = WireIds.Stream(names.Of(stream)) } };
        message.Options.Deadline = Duration.FromTimeSpan(deadline);
        if (at is { } revision) message.Options.StreamPosition = revision;
        else message.Options.NoStream = new();
        for (var (i, bytes) = (0, 0); i < events.Count; i++)
        {
            var proposed = Propose(events[i], i, events.Count);
            message.ProposedMessages.Add(proposed);
            bytes += proposed.Data.Length + proposed.CustomMetadata.Length;
            if (bytes < MessageBytes || i == events.Count - 1) continue;
            yield return message;
            (message, bytes) = (new() { CorrelationId = correlation.ToWire() }, 0);
        }

        message.IsFinal = true;
        yield return message;
    }

    private static BatchAppendReq.Types.ProposedMessage Propose(NewEvent e, int part, int parts) => new()
    {
        Id = e.EventId.ToWire(),
        Metadata = { { StoredEvent.TypeKey, e.Type }, { StoredEvent.ContentTypeKey, StoredEvent.OctetStream } },
        CustomMetadata = StoredEvent.Describe(e, part, parts),
        // A copy: a message that is still queued when its append was given up must not change under way.
        Data = Google.Protobuf.ByteString.CopyFrom(e.Data.Span),
    };
}
