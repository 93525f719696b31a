using Microsoft.Extensions.Logging;

namespace MessageBackbone.EventLog.EventStoreDb;

/// <summary>What a log consists of once everything was checked that must be right before the first append.</summary>
internal sealed record EventStoreDbParts(
    ConnectionString To, string Name, FileStream Lock, Bell Bell, LeaderLink Link, ServerReader Reader, SharedPages Pages, StreamNames Names, IdIndex Index,
    IndexFollowing Following)
{
    /// <summary>Connects, reads the log's name, catches up the index, and refuses a server whose settings break the log's promises.</summary>
    public static async Task<EventStoreDbParts> OpenAsync(EventStoreDbOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken)
    {
        var to = Parse(options.ConnectionString);
        var file = Sqlite.LogFile.Lock(options.Folder, Path.Combine(options.Folder, "ids.lock"));
        LeaderLink? link = null;
        IdIndex? index = null;
        try
        {
            var (names, bell) = (new StreamNames(options.Space), new Bell());
            string? name = null;
            link = new(to, options, IntroduceAsync, clock, logger);
            var connection = await link.ConnectAsync(cancellationToken);
            var reader = new ServerReader(link, names, options);
            index = await OpenIndexAsync(options, name!, reader, logger, cancellationToken);
            var pages = new SharedPages(reader, names);
            var following = new IndexFollowing(pages, index, logger);
            await following.ToEndAsync(cancellationToken);
            RefuseObjections(to, index);
            await AppendSizeProbe.RunAsync(connection, names, to.Deadline, logger);
            return new(to, name!, file, bell, link, reader, pages, names, index, following);

            async Task IntroduceAsync(LeaderConnection leader, CancellationToken stop)
            {
                await LiveBell.HangAsync(leader, names, bell, stop);
                var found = await LogIdentity.ReadOrGiveAsync(leader, names, stop);
                // A store that was exchanged meanwhile is a fault, never a new log.
                if ((name ??= found) != found) throw new EventLogUnavailableException($"The event log {to} holds {found} instead of {name}.");
            }
        }
        catch (Exception e)
        {
            link?.Dispose();
            index?.Dispose();
            await file.DisposeAsync();
            if (e is EventLogUnavailableException { InnerException: EventLogOpenException wrong }) throw wrong;
            if (e is Sqlite.SqliteFault fault) throw new EventLogUnavailableException($"The index of event ids {options.IndexFile} cannot be opened: {fault.Message}", fault);
            throw;
        }
    }

    private static async Task<IdIndex> OpenIndexAsync(
        EventStoreDbOptions options, string name, ServerReader reader, ILogger logger, CancellationToken cancellationToken)
    {
        var index = IdIndexFile.Open(options, name, logger);
        if (index.Followed == 0 || (await reader.AnyAtAsync(index.Followed, cancellationToken))?.Event.Id.ToGuid() == index.FollowedId) return index;
        // What follows the log elsewhere stops; the index is only a copy.
        EventLogLog.IndexAhead(logger, options.IndexFile);
        index.Dispose();
        IdIndexFile.Remove(options);
        return IdIndexFile.Open(options, name, logger);
    }

    private static void RefuseObjections(ConnectionString to, IdIndex index)
    {
        var (first, count) = index.Objections();
        if (count == 0) return;
        throw new EventLogOpenException(
            to.ToString(), $"The event log must keep everything and hold nothing else; {count} of its streams break that: {string.Join("; ", first)}");
    }

    private static ConnectionString Parse(string text)
    {
        try
        {
            return EventStoreDb.ConnectionString.Parse(text);
        }
        catch (FormatException e)
        {
            throw new EventLogOpenException("EventLog:EventStoreDb:ConnectionString", e.Message, e);
        }
    }
}
