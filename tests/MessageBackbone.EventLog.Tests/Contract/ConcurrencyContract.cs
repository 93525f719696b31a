using System.Collections.Concurrent;
using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.Contract;

/// <summary>Many callers at once, and subscribers beside them.</summary>
public abstract class ConcurrencyContract : ReadContract
{
    // A lost wake-up shows as a wait without end: each test has a minute, of which it needs a second.
    private const int Callers = 64;

    [Fact(Timeout = 60_000)]
    public async Task Of_64_callers_on_one_stream_exactly_one_wins_each_revision()
    {
        var stream = Sample.Stream();
        for (var revision = 0UL; revision < 10; revision++)
        {
            var expected = revision == 0 ? NoStream : At(revision - 1);

            var outcomes = await AtOnce(_ => Append(stream, expected, Event()));

            var winner = Assert.Single(outcomes.OfType<AppendOutcome.Appended>());
            Assert.Equal(revision, winner.Revision.Value);
            Assert.All(outcomes.OfType<AppendOutcome.Conflict>(), c => Assert.Equal(winner.Revision, c.Actual));
        }

        Assert.Equal(10, (await Stream(stream)).Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_64_callers_on_different_streams_all_succeed()
    {
        var outcomes = await AtOnce(_ => Append(Sample.Stream(), NoStream, Events(2)));

        Assert.All(outcomes, o => Assert.Equal(1UL, Assert.IsType<AppendOutcome.Appended>(o).Revision.Value));
        var all = await All();
        Assert.Equal(2 * Callers, all.Count);
        Assert.All(all.Chunk(2), pair => Assert.Equal(pair[0].Stream, pair[1].Stream));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_same_append_by_64_callers_at_once_is_appended_once_and_all_get_its_outcome()
    {
        var (stream, events) = (Sample.Stream(), Events(3));

        var outcomes = await AtOnce(_ => Append(stream, NoStream, events));

        Assert.IsType<AppendOutcome.Appended>(Assert.Single(outcomes.Distinct()));
        Assert.Equal(3, (await All()).Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_conflict_fails_only_its_caller()
    {
        var taken = Sample.Stream();
        await MustAppend(taken, NoStream, Event());

        var outcomes = await AtOnce(i => Append(i % 2 == 0 ? Sample.Stream() : taken, NoStream, Event()));

        Assert.All(outcomes.Where((_, i) => i % 2 == 0), o => Assert.IsType<AppendOutcome.Appended>(o));
        Assert.All(outcomes.Where((_, i) => i % 2 == 1), o => Assert.Equal(new AppendOutcome.Conflict(new(0)), o));
        Assert.Equal(1 + (Callers / 2), (await All()).Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_was_read_once_is_the_beginning_of_everything_read_later()
    {
        var appends = AtOnce(async _ =>
        {
            for (var i = 0; i < 20; i++) await MustAppend(Sample.Stream(), NoStream, Event());
            return true;
        });
        var read = new List<Guid>();
        do
        {
            var now = (await All()).ConvertAll(e => e.EventId);
            Assert.Equal(read, now.Take(read.Count));
            read = now;
        }
        while (!appends.IsCompleted);

        await appends;
        Assert.Equal(Callers * 20, (await All()).Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_append_that_has_returned_is_seen_by_every_later_read() =>
        await AtOnce(async _ =>
        {
            var (stream, e) = (Sample.Stream(), Event());
            var appended = await MustAppend(stream, NoStream, e);
            Assert.Equal(e.EventId, Assert.Single(await Stream(stream)).EventId);
            Assert.Equal(e.EventId, (await Log.ReadAtAsync(appended.Position, Cancel))?.EventId);
            Assert.True(await Log.EndAsync(Cancel) >= appended.Position);
            return true;
        });

    [Fact(Timeout = 60_000)]
    public async Task Subscribers_that_come_at_any_time_under_load_see_every_event_once_and_in_order()
    {
        const int each = 40;
        await MustAppend(Sample.Stream(), NoStream, Events(700));
        var total = 700 + (Callers * each);
        var subscribers = new ConcurrentBag<Task<List<RecordedEvent>>> { Follow(default, total) };

        await AtOnce(async caller =>
        {
            for (var i = 0; i < each; i++)
            {
                await MustAppend(Sample.Stream(), NoStream, Event());
                if (caller < 8 && i == caller * 4) subscribers.Add(Follow(default, total));
            }

            return true;
        });

        var expected = (await All()).ConvertAll(e => (e.Position, e.EventId));
        Assert.Equal(total, expected.Count);
        foreach (var seen in await Task.WhenAll(subscribers)) Assert.Equal(expected, seen.ConvertAll(e => (e.Position, e.EventId)));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_subscriber_starts_after_its_position_and_sees_what_is_appended_later()
    {
        await MustAppend(Sample.Stream(), NoStream, Events(4));
        var all = await All();
        var following = Follow(all[1].Position, 3);
        var late = Event();

        await MustAppend(Sample.Stream(), NoStream, late);

        Assert.Equal([all[2].EventId, all[3].EventId, late.EventId], (await following).ConvertAll(e => e.EventId));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_subscriber_that_does_not_read_slows_nobody_and_misses_nothing()
    {
        await MustAppend(Sample.Stream(), NoStream, Event());
        await using var slow = Log.SubscribeAllAsync(default, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await slow.MoveNextAsync());
        var seen = slow.Current.Count;

        await AtOnce(async _ => await MustAppend(Sample.Stream(), NoStream, Events(50)));

        while (seen < 1 + (Callers * 50))
        {
            Assert.True(await slow.MoveNextAsync());
            seen += slow.Current.Count;
        }

        Assert.Equal(await Log.EndAsync(Cancel), slow.Current[^1].Position);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_waiting_subscriber_ends_when_cancelled_and_when_the_log_closes()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var cancelled = Drain(Log.SubscribeAllAsync(default, stop.Token));
        var closed = Drain(Log.SubscribeAllAsync(default, Cancel));

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(closed.IsCompleted);
        await CloseAsync();

        await Assert.ThrowsAsync<EventLogUnavailableException>(() => closed);
    }

    private async Task<List<RecordedEvent>> Follow(LogPosition after, int count)
    {
        var seen = new List<RecordedEvent>();
        await foreach (var batch in Log.SubscribeAllAsync(after, Cancel))
        {
            Assert.NotEmpty(batch);
            seen.AddRange(batch);
            if (seen.Count >= count) break;
        }

        return seen;
    }

    private static async Task<T[]> AtOnce<T>(Func<int, Task<T>> call)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = Enumerable.Range(0, Callers).Select(i => Task.Run(async () =>
        {
            await gate.Task;
            return await call(i);
        })).ToArray();
        gate.SetResult();
        return await Task.WhenAll(calls);
    }
}
