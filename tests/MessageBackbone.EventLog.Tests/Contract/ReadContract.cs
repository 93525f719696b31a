using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.Contract;

/// <summary>What is read back, in which order, and what a closed log says.</summary>
public abstract class ReadContract : AppendContract
{
    [Fact]
    public async Task An_empty_log_ends_at_its_start_and_reads_as_nothing()
    {
        Assert.Equal(LogPosition.Start, await Log.EndAsync(Cancel));
        Assert.Empty(await All());
        Assert.Empty(await Stream(Sample.Stream()));
        Assert.Null(await Log.ReadAtAsync(LogPosition.Start, Cancel));
        Assert.Null(await Log.ReadAtAsync(new(1), Cancel));
    }

    [Fact]
    public async Task All_events_are_read_in_order_of_append_over_all_streams()
    {
        var appended = new List<(StreamId Stream, Guid Id)>();
        StreamId[] streams = [Sample.Stream(), StreamId.Directory, StreamId.Security];
        for (var i = 0; i < 30; i++)
        {
            var events = Events(1 + (i % 3));
            await MustAppend(streams[i % 3], Any, events);
            appended.AddRange(events.Select(e => (streams[i % 3], e.EventId)));
        }

        var read = await All();

        Assert.Equal(appended, read.Select(e => (e.Stream, e.EventId)));
        Assert.Equal(read, read.OrderBy(e => e.Position));
        Assert.Equal(read.Count, read.Select(e => e.Position).Distinct().Count());
        Assert.Equal(read[^1].Position, await Log.EndAsync(Cancel));
    }

    [Fact]
    public async Task Reading_after_a_position_or_a_revision_starts_with_the_next_event()
    {
        var stream = Sample.Stream();
        await MustAppend(stream, NoStream, Events(10));
        var all = await All();

        for (var i = 0; i < all.Count; i++)
        {
            Assert.Equal(all[(i + 1)..].Select(e => e.EventId), (await All(all[i].Position)).Select(e => e.EventId));
            Assert.Equal(all[(i + 1)..].Select(e => e.EventId), (await Stream(stream, all[i].Revision)).Select(e => e.EventId));
        }

        Assert.Empty(await All(new(ulong.MaxValue)));
        Assert.Empty(await Stream(stream, new(ulong.MaxValue)));
    }

    [Fact]
    public async Task A_stream_longer_than_a_batch_and_large_events_are_read_whole()
    {
        var stream = Sample.Stream();
        var events = Events(1_000).Concat(Enumerable.Range(0, 7).Select(_ => Event(1_000_000))).Concat(Events(17)).ToArray();
        foreach (var part in events.Chunk(1_000)) await MustAppend(stream, Any, part);

        Assert.Equal(events.Select(e => e.EventId), (await Stream(stream)).Select(e => e.EventId));
        foreach (var (expected, actual) in events.Zip(await All())) AssertSame(expected, actual);
    }

    [Fact]
    public async Task Reading_all_ends_where_the_log_ended_when_it_was_called()
    {
        await MustAppend(Sample.Stream(), NoStream, Events(3));
        var reading = Log.ReadAllAsync(LogPosition.Start, Cancel);
        var late = Event();
        await MustAppend(Sample.Stream(), NoStream, late);

        var read = new List<Guid>();
        await foreach (var batch in reading) read.AddRange(batch.Select(e => e.EventId));

        Assert.Equal(3, read.Count);
        Assert.DoesNotContain(late.EventId, read);
    }

    [Fact]
    public async Task Every_event_is_found_at_its_position()
    {
        await MustAppend(Sample.Stream(), NoStream, Events(3));

        foreach (var e in await All()) Assert.Equal(e.EventId, (await Log.ReadAtAsync(e.Position, Cancel))?.EventId);
        Assert.Null(await Log.ReadAtAsync(new((await Log.EndAsync(Cancel)).Value + 1), Cancel));
        Assert.Null(await Log.ReadAtAsync(new(ulong.MaxValue), Cancel));
    }

    [Fact]
    public async Task Closing_and_opening_keeps_the_name_the_events_and_the_positions()
    {
        var stream = Sample.Stream();
        await MustAppend(stream, NoStream, Events(5));
        var (name, before) = (Log.Name, await All());

        await ReopenAsync();

        Assert.Equal(name, Log.Name);
        Assert.Matches("^log-[0-9a-f]{16}$", name);
        Assert.Equal(before.Select(e => (e.Position, e.EventId)), (await All()).Select(e => (e.Position, e.EventId)));
        Assert.True((await MustAppend(stream, At(4), Event())).Position > before[^1].Position);
    }

    [Fact]
    public async Task Each_event_says_whether_it_ends_its_append()
    {
        var stream = Sample.Stream();
        await MustAppend(stream, NoStream, Event());
        await MustAppend(stream, At(0), Events(3));
        await MustAppend(Sample.Stream(), NoStream, Events(2));

        Assert.Equal([true, false, false, true, false, true], (await All()).Select(e => e.EndsAppend));
        Assert.Equal([true, false, false, true], (await Stream(stream)).Select(e => e.EndsAppend));
    }

    [Fact]
    public async Task A_cancelled_read_ends_with_a_cancellation()
    {
        await MustAppend(Sample.Stream(), NoStream, Event());
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Log.EndAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Log.ReadAtAsync(await Log.EndAsync(Cancel), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Drain(Log.ReadAllAsync(default, cancelled)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Drain(Log.ReadStreamAsync(Sample.Stream(), null, cancelled)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Drain(Log.SubscribeAllAsync(default, cancelled)));
    }

    [Fact]
    public async Task A_closed_log_is_unavailable_and_closing_again_does_nothing()
    {
        var log = Log;
        await MustAppend(Sample.Stream(), NoStream, Event());
        await log.DisposeAsync();
        await log.DisposeAsync();

        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(Sample.Stream(), NoStream, [Event()], Cancel));
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.EndAsync(Cancel));
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.ReadAtAsync(new(1), Cancel));
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await Drain(log.ReadAllAsync(default, Cancel)));
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await Drain(log.ReadStreamAsync(Sample.Stream(), null, Cancel)));
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await Drain(log.SubscribeAllAsync(default, Cancel)));
    }

    protected static async Task Drain<T>(IAsyncEnumerable<T> sequence)
    {
        await foreach (var _ in sequence)
        {
        }
    }
}
