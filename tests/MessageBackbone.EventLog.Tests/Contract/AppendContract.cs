using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.Contract;

/// <summary>What an append comes to: expected revisions, repeats, overlaps, limits.</summary>
public abstract class AppendContract : EventLogScenario
{
    [Fact]
    public async Task The_first_event_of_a_stream_has_revision_0_and_is_read_back_whole()
    {
        var (stream, e) = (Sample.Stream(), Event());

        var appended = await MustAppend(stream, NoStream, e);

        Assert.Equal(StreamRevision.First, appended.Revision);
        Assert.True(appended.Position > LogPosition.Start);
        var read = Assert.Single(await Stream(stream));
        AssertSame(e, read);
        Assert.Equal((stream, appended.Revision, appended.Position), (read.Stream, read.Revision, read.Position));
    }

    [Fact]
    public async Task Several_events_are_appended_next_to_each_other_and_the_outcome_names_the_last()
    {
        var (stream, events) = (Sample.Stream(), Events(5));

        var appended = await MustAppend(stream, NoStream, events);

        var read = await Stream(stream);
        Assert.Equal(events.Select(e => e.EventId), read.Select(e => e.EventId));
        Assert.Equal([0UL, 1, 2, 3, 4], read.Select(e => e.Revision.Value));
        Assert.Equal((appended.Revision, appended.Position), (read[^1].Revision, read[^1].Position));
        Assert.Equal(read, read.OrderBy(e => e.Position));
    }

    [Fact]
    public async Task An_append_to_an_existing_stream_that_expects_none_is_a_conflict_that_names_its_end()
    {
        var stream = Sample.Stream();
        await MustAppend(stream, NoStream, Events(2));

        await MustConflict(new(1), stream, NoStream, Event());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public async Task An_append_that_expects_another_revision_is_a_conflict(ulong expected)
    {
        var stream = Sample.Stream();
        await MustAppend(stream, NoStream, Events(2));

        await MustConflict(new(1), stream, At(expected), Event());
    }

    [Fact]
    public async Task An_append_that_expects_a_revision_of_a_missing_stream_is_a_conflict_without_an_end() =>
        await MustConflict(null, Sample.Stream(), At(0), Event());

    [Fact]
    public async Task Any_appends_wherever_the_stream_ends()
    {
        var stream = Sample.Stream();

        Assert.Equal(0UL, (await MustAppend(stream, Any, Event())).Revision.Value);
        Assert.Equal(2UL, (await MustAppend(stream, Any, Events(2))).Revision.Value);
        Assert.Equal(3UL, (await MustAppend(stream, At(2), Event())).Revision.Value);
    }

    [Fact]
    public async Task A_repeat_gets_the_first_outcome_also_when_the_stream_has_gone_on()
    {
        var (stream, first, second) = (Sample.Stream(), Events(3), Events(2));
        var firstOutcome = await MustAppend(stream, NoStream, first);
        var secondOutcome = await MustAppend(stream, At(2), second);
        await MustAppend(stream, At(4), Event());
        await MustAppend(Sample.Stream(), NoStream, Event());

        Assert.Equal(firstOutcome, await Append(stream, NoStream, first));
        Assert.Equal(secondOutcome, await Append(stream, At(2), second));
        Assert.Equal(7, (await All()).Count);
    }

    [Fact]
    public async Task A_repeat_is_known_by_its_ids_and_not_by_its_bytes()
    {
        var (stream, e) = (Sample.Stream(), Event());
        var outcome = await MustAppend(stream, NoStream, e);

        Assert.Equal(outcome, await Append(stream, NoStream, e with { Data = new byte[] { 9 }, Type = "other.v1" }));
        AssertSame(e, Assert.Single(await Stream(stream)));
    }

    [Fact]
    public async Task A_repeat_under_any_gets_the_first_outcome()
    {
        var (stream, events) = (Sample.Stream(), Events(2));
        await MustAppend(stream, Any, Event());
        var outcome = await MustAppend(stream, Any, events);
        await MustAppend(stream, Any, Event());

        Assert.Equal(outcome, await Append(stream, Any, events));
    }

    [Fact]
    public async Task A_repeat_gets_the_first_outcome_after_the_log_was_closed_and_opened()
    {
        var (stream, events) = (Sample.Stream(), Events(2));
        var outcome = await MustAppend(stream, NoStream, events);
        await ReopenAsync();

        Assert.Equal(outcome, await Append(stream, NoStream, events));
    }

    [Fact]
    public async Task The_same_ids_at_another_expected_revision_are_a_conflict()
    {
        var (stream, e) = (Sample.Stream(), Event());
        await MustAppend(stream, NoStream, Event());
        await MustAppend(stream, At(0), e);

        await MustConflict(new(1), stream, NoStream, e);
        await MustConflict(new(1), stream, At(1), e);
    }

    [Fact]
    public async Task An_id_that_is_in_another_stream_is_a_conflict()
    {
        var (one, other, e) = (Sample.Stream(), Sample.Stream(), Event());
        await MustAppend(one, NoStream, e);

        await MustConflict(null, other, NoStream, e);
        await MustConflict(null, other, Any, e);
        await MustConflict(null, other, NoStream, Event(), e);
        await MustConflict(null, other, NoStream, e, Event());
    }

    [Fact]
    public async Task A_part_of_an_earlier_append_is_a_conflict()
    {
        var (stream, events) = (Sample.Stream(), Events(3));
        await MustAppend(stream, NoStream, events);

        await MustConflict(new(2), stream, NoStream, events[..2]);
        await MustConflict(new(2), stream, NoStream, events[0]);
        await MustConflict(new(2), stream, At(0), events[1..]);
        await MustConflict(new(2), stream, At(0), events[1]);
        await MustConflict(new(2), stream, Any, events[1..]);
    }

    [Fact]
    public async Task More_than_an_earlier_append_is_a_conflict()
    {
        var (stream, events) = (Sample.Stream(), Events(2));
        await MustAppend(stream, NoStream, events);

        await MustConflict(new(1), stream, NoStream, [.. events, Event()]);
        await MustConflict(new(1), stream, At(1), [events[1], Event()]);
    }

    [Fact]
    public async Task Two_earlier_appends_in_one_are_a_conflict()
    {
        var (stream, events) = (Sample.Stream(), Events(2));
        await MustAppend(stream, NoStream, events[0]);
        await MustAppend(stream, At(0), events[1]);

        await MustConflict(new(1), stream, NoStream, events);
    }

    [Fact]
    public async Task The_same_ids_in_another_order_are_a_conflict()
    {
        var (stream, events) = (Sample.Stream(), Events(3));
        await MustAppend(stream, NoStream, events);

        await MustConflict(new(2), stream, NoStream, events[1], events[0], events[2]);
        await MustConflict(new(2), stream, Any, events[2], events[1], events[0]);
    }

    [Fact]
    public async Task A_conflict_leaves_the_ids_free_for_the_next_decision()
    {
        var (stream, e) = (Sample.Stream(), Event());
        await MustAppend(stream, NoStream, Event());
        await MustConflict(new(0), stream, NoStream, e);

        Assert.Equal(1UL, (await MustAppend(stream, At(0), e)).Revision.Value);
    }

    [Fact]
    public async Task An_append_without_events_an_id_twice_or_an_empty_id_or_type_is_a_caller_s_error()
    {
        var (stream, e) = (Sample.Stream(), Event());

        await Assert.ThrowsAsync<ArgumentException>(async () => await Append(stream, NoStream));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Append(stream, NoStream, e, Event(), e));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Append(stream, NoStream, e with { EventId = Guid.Empty }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Append(stream, NoStream, e with { Type = "" }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Append(stream, NoStream, e with { Type = "gr\u00fc\u00df" }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Append(default, NoStream, e));
        Assert.Empty(await All());
    }

    [Fact]
    public async Task An_event_of_exactly_1_MiB_is_kept_and_one_byte_more_is_refused()
    {
        var (stream, largest) = (Sample.Stream(), Event((1 << 20) - 3));

        await MustAppend(stream, NoStream, largest);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Append(stream, At(0), Event((1 << 20) - 2)));

        AssertSame(largest, Assert.Single(await Stream(stream)));
    }

    [Fact]
    public async Task An_append_of_the_largest_size_is_kept_and_one_event_more_is_refused()
    {
        var stream = Sample.Stream();
        var most = Events(AppendLimits.MaxEvents);

        await MustAppend(stream, NoStream, most);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Append(stream, Any, Events(AppendLimits.MaxEvents + 1)));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await Append(stream, Any, [.. Enumerable.Range(0, 9).Select(_ => Event(1_000_000))]));

        Assert.Equal(most.Select(e => e.EventId), (await Stream(stream)).Select(e => e.EventId));
    }

    [Fact]
    public async Task Empty_data_and_metadata_and_any_instant_are_kept_to_the_tick()
    {
        var stream = Sample.Stream();
        NewEvent[] events =
        [
            new(Guid.NewGuid(), "t", default, default, DateTimeOffset.MinValue),
            new(Guid.NewGuid(), "t", new byte[] { 0 }, default, DateTimeOffset.MaxValue),
            new(Guid.NewGuid(), "t", default, new byte[] { 0 }, new DateTimeOffset(2026, 2, 28, 23, 59, 59, TimeSpan.FromHours(-9)).AddTicks(1)),
        ];

        await MustAppend(stream, NoStream, events);

        foreach (var (expected, actual) in events.Zip(await Stream(stream))) AssertSame(expected, actual);
    }

    [Fact]
    public async Task A_token_cancelled_before_the_call_appends_nothing()
    {
        var (stream, e) = (Sample.Stream(), Event());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Log.AppendAsync(stream, NoStream, [e], new(canceled: true)));

        Assert.Empty(await All());
    }
}
