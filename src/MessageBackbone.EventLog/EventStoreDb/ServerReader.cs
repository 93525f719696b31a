using Grpc.Core;
using MessageBackbone.EventLog.EventStoreDb.Wire;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>Reads of the leader, each of them one bounded page: what decides is never read elsewhere, and nothing is held between two pages.</summary>
internal sealed class ServerReader(LeaderLink link, StreamNames names, EventStoreDbOptions options)
{
    /// <summary>Events that the server looks through at a time for those that the filter selects.</summary>
    private const uint SearchWindow = 4_096;

    public static ReadReq.Types.Options.Types.FilterOptions Filter(string streams) =>
        new() { StreamIdentifier = new() { Regex = streams }, Max = SearchWindow, CheckpointIntervalMultiplier = 1 };

    /// <summary>A page of the events after <paramref name="after"/>, of the streams that <paramref name="filter"/> selects, and whether there were more.</summary>
    public Task<(List<ReadResp.Types.ReadEvent> Events, bool More)> AllAsync(ulong after, string filter, CancellationToken cancellationToken) =>
        link.CallAsync((connection, stop) => PageAsync(connection, NewAll(after, filter), after, stop), cancellationToken);

    /// <summary>A page of one stream from <paramref name="from"/> on, and whether there were more.</summary>
    public Task<(List<ReadResp.Types.ReadEvent> Events, bool More)> StreamAsync(StreamId stream, ulong from, CancellationToken cancellationToken)
    {
        var request = NewRequest(options.BatchEvents);
        request.Options.Stream = new() { StreamIdentifier = WireIds.Stream(names.Of(stream)), Revision = from };
        return link.CallAsync((connection, stop) => PageAsync(connection, request, null, stop), cancellationToken);
    }

    /// <summary>The revision of a stream's last event; null when it does not exist.</summary>
    public Task<ulong?> HeadAsync(StreamId stream, CancellationToken cancellationToken)
    {
        var request = NewRequest(1);
        request.Options.Stream = new() { StreamIdentifier = WireIds.Stream(names.Of(stream)), End = new() };
        request.Options.ReadDirection = ReadReq.Types.Options.Types.ReadDirection.Backwards;
        return link.CallAsync(async (connection, stop) => (await OneAsync(connection, request, stop))?.Event.StreamRevision, cancellationToken);
    }

    /// <summary>The position of the log's last event; <see cref="LogPosition.Start"/> when there is none.</summary>
    public Task<LogPosition> EndAsync(CancellationToken cancellationToken)
    {
        var request = NewRequest(1);
        request.Options.All = new() { End = new() };
        request.Options.Filter = Filter(names.Ours);
        request.Options.ReadDirection = ReadReq.Types.Options.Types.ReadDirection.Backwards;
        return link.CallAsync(
            async (connection, stop) => await OneAsync(connection, request, stop) is { } last ? new LogPosition(last.CommitPosition) : LogPosition.Start, cancellationToken);
    }

    /// <summary>The event at exactly this position, which is not after the end of the log; null when none of the log's begins there.</summary>
    /// <param name="isThere">Says of an event's id and position that the log is known to hold them.</param>
    public async Task<StoredEvent?> AtAsync(ulong position, Func<Guid, ulong, bool> isThere, CancellationToken cancellationToken)
    {
        if (await AnyAtAsync(position, cancellationToken) is not { } found || StoredEvent.Read(found, names) is not { } there) return null;
        if (isThere(there.Event.EventId, position)) return there;
        // At a position inside of a record the server reads whatever bytes lie there. What its stream has at that revision it cannot make up.
        var (events, _) = await StreamAsync(there.Event.Stream, there.Event.Revision.Value, cancellationToken);
        return events.Count > 0 && StoredEvent.Read(events[0], names) is { } sure && sure.Event.Position == there.Event.Position ? sure : null;
    }

    /// <summary>What the server answers for exactly this position, of whatever stream. At a position inside of a record it may be made up.</summary>
    public async Task<ReadResp.Types.ReadEvent?> AnyAtAsync(ulong position, CancellationToken cancellationToken)
    {
        if (position is 0 or > long.MaxValue) return null;
        var request = NewRequest(1);
        request.Options.All = new() { Position = new() { CommitPosition = position, PreparePosition = position } };
        var found = await link.CallAsync((connection, stop) => OneOrNonsenseAsync(connection, request, stop), cancellationToken);
        return found?.CommitPosition == position ? found : null;
    }

    private static async Task<ReadResp.Types.ReadEvent?> OneOrNonsenseAsync(LeaderConnection connection, ReadReq request, CancellationToken cancellationToken)
    {
        try
        {
            return await OneAsync(connection, request, cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.Unknown or StatusCode.Internal or StatusCode.OutOfRange)
        {
            return null;
        }
    }

    private static async Task<ReadResp.Types.ReadEvent?> OneAsync(LeaderConnection connection, ReadReq request, CancellationToken cancellationToken)
    {
        using var call = connection.Streams.Read(request, connection.Headers, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
            if (call.ResponseStream.Current is { ContentCase: ReadResp.ContentOneofCase.Event } found) return found.Event;
        return null;
    }

    // The event at the place that was named is answered too, and left out here.
    private async Task<(List<ReadResp.Types.ReadEvent> Events, bool More)> PageAsync(
        LeaderConnection connection, ReadReq request, ulong? after, CancellationToken cancellationToken)
    {
        var (page, bytes, seen) = (new List<ReadResp.Types.ReadEvent>(), 0L, 0UL);
        using var call = connection.Streams.Read(request, connection.Headers, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            if (call.ResponseStream.Current is not { ContentCase: ReadResp.ContentOneofCase.Event } answer) continue;
            seen++;
            if (answer.Event.CommitPosition <= after) continue;
            page.Add(answer.Event);
            bytes += answer.Event.Event.Data.Length + answer.Event.Event.CustomMetadata.Length;
            if (bytes >= options.BatchBytes) return (page, true);
        }

        return (page, seen >= request.Options.Count);
    }

    private ReadReq NewAll(ulong after, string filter)
    {
        var request = NewRequest(options.BatchEvents + 1);
        request.Options.All = after == 0 ? new() { Start = new() } : new() { Position = new() { CommitPosition = after, PreparePosition = after } };
        request.Options.Filter = Filter(filter);
        return request;
    }

    /// <summary>Forwards, of everything, with ids as the adapter reads them; what is read is still to be said.</summary>
    public static ReadReq NewRequest(int count) => new()
    {
        Options = new() { Count = (ulong)count, NoFilter = new(), UuidOption = new() { Structured = new() } },
    };
}
