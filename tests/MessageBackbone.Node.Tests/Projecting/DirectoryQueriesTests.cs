using MessageBackbone.EventLog;
using MessageBackbone.Node.Projecting;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Projecting;

public sealed class DirectoryQueriesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_come_newest_first_with_the_entry_before_and_all_of_one_event_together()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var (entries, events) = (await log.FollowAsync(DirectoryEntries.Projection), await log.FollowAsync(EventIndex.Projection));
        var registered = await log.AppendAsync(StreamId.Directory, new BureauRegistered { Act = new RegisterBureau { ActId = "1", Code = "FR", DisplayName = "Paris" } });
        await log.AppendAsync(StreamId.Directory, new TopicAllowed { Act = new AllowTopic { ActId = "2", Topic = "art" } });
        var subscribed = await log.AppendAtAsync(ProjectedLog.Start.AddHours(1), StreamId.Bureau("FR"), new Subscribed { Bureau = "FR", Topic = "art" });
        await Task.WhenAll(entries.CatchUpAsync(Cancel), events.CatchUpAsync(Cancel));
        var directory = new DirectoryQueries(entries, events);

        var changes = await directory.ChangesAsync(null, null, 1, Cancel);

        Assert.Equal(["bureau/FR", "topic/art"], changes.Select(change => change.Name));
        Assert.All(changes, change => Assert.Equal((subscribed, ProjectedLog.Start.AddHours(1)), (change.Position, change.RecordedAt)));
        Assert.Equal((1, 0), (changes[0].After.Bureau.Topics.Count, changes[0].Before!.Bureau.Topics.Count));
        changes = await directory.ChangesAsync(null, changes[^1].Position, 10, Cancel);
        Assert.Equal([("topic/art", false), ("bureau/FR", false)], changes.Select(change => (change.Name, change.Before is not null)));
        Assert.Empty(await directory.ChangesAsync(null, changes[^1].Position, 10, Cancel));
        Assert.Equal([subscribed, registered], (await directory.ChangesAsync("bureau/FR", null, 10, Cancel)).Select(change => change.Position));
    }

    [Fact]
    public async Task A_change_whose_event_nobody_knows_has_no_time()
    {
        await using var log = await ProjectedLog.OpenAsync();
        var follower = await log.FollowAsync(DirectoryEntries.Projection);
        await log.AppendAsync(StreamId.Directory, new BureauRegistered { Act = new RegisterBureau { ActId = "1", Code = "FR", DisplayName = "Paris" } });
        await follower.CatchUpAsync(Cancel);

        Assert.Null(Assert.Single(await new DirectoryQueries(follower).ChangesAsync(null, null, 1, Cancel)).RecordedAt);
    }
}
