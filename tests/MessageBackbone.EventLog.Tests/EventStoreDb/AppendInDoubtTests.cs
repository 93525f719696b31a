using MessageBackbone.EventStoreStandIn;
using static MessageBackbone.EventLog.ExpectedRevision;
using static MessageBackbone.EventLog.Tests.Contract.Sample;

namespace MessageBackbone.EventLog.Tests.EventStoreDb;

/// <summary>An append without an answer, or with one that leaves open whether it was written. The caller repeats it with the same ids.</summary>
public sealed class AppendInDoubtTests : StandInScenario
{
    [Theory(Timeout = 60_000)]
    [InlineData(AppendFate.WrittenAndLost)]
    [InlineData(AppendFate.TimeoutAfterWriting)]
    [InlineData(AppendFate.WrittenInSilence)]
    public async Task Written_and_not_answered_the_repeat_gets_the_first_outcome_and_the_events_are_there_once(AppendFate fate)
    {
        Space.Options.ConnectionString += "&defaultDeadline=500";
        await OpenAsync();
        var (stream, events) = New();
        var played = Server.Faults.NextAppend(fate);

        Assert.Contains("not known", (await MustFail(stream, NoStream, events)).Message, StringComparison.Ordinal);
        await played;
        AssertHolds(Held(stream), events);

        var outcome = Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, NoStream, events));
        Assert.Equal(1UL, outcome.Revision.Value);
        Assert.Equal(events[1].EventId, (await Log.ReadAtAsync(outcome.Position, Cancel))?.EventId);
        AssertHolds(Held(stream), events);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(AppendFate.Lost)]
    [InlineData(AppendFate.Timeout)]
    [InlineData(AppendFate.Silence)]
    public async Task Not_written_and_not_answered_the_repeat_appends(AppendFate fate)
    {
        Space.Options.ConnectionString += "&defaultDeadline=500";
        await OpenAsync();
        var (stream, events) = New();
        var played = Server.Faults.NextAppend(fate);

        await MustFail(stream, NoStream, events);
        await played;
        Assert.Empty(Held(stream));

        Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, NoStream, events));
        AssertHolds(Held(stream), events);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(AppendFate.WrittenAndLost)]
    [InlineData(AppendFate.TimeoutAfterWriting)]
    public async Task In_doubt_under_any_the_repeat_finds_what_was_written_also_when_the_server_forgot_the_ids(AppendFate fate)
    {
        await OpenAsync();
        var (stream, events) = New();
        await Append(stream, NoStream, Event());
        _ = Server.Faults.NextAppend(fate);
        await MustFail(stream, Any, events);
        Server.Store.ForgetIds();

        Assert.Equal(2UL, Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, Any, events)).Revision.Value);
        Assert.Equal(3, Held(stream).Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task In_doubt_at_the_current_revision_another_decision_meets_what_was_written()
    {
        await OpenAsync();
        var (stream, events) = New();
        _ = Server.Faults.NextAppend(AppendFate.WrittenAndLost);
        await MustFail(stream, NoStream, events);

        Assert.Equal(new AppendOutcome.Conflict(new(1)), await AppendOnceAvailable(stream, NoStream, Event()));
        AssertHolds(Held(stream), events);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Written_after_the_timeout_was_answered_it_is_there_once(bool beforeTheRepeat)
    {
        await OpenAsync();
        var (stream, events) = New();
        _ = Server.Faults.NextAppend(AppendFate.TimeoutAndWrittenLater);
        await MustFail(stream, NoStream, events);

        if (beforeTheRepeat) Server.Faults.WriteDelayed();
        Assert.IsType<AppendOutcome.Appended>(await AppendOnceAvailable(stream, NoStream, events));
        if (!beforeTheRepeat) Server.Faults.WriteDelayed();

        AssertHolds(Held(stream), events);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_written_late_and_what_took_its_place_are_never_both_there(bool lateFirst)
    {
        await OpenAsync();
        var (stream, late, instead) = (Stream(), Event(), Event());
        _ = Server.Faults.NextAppend(AppendFate.TimeoutAndWrittenLater);
        await MustFail(stream, NoStream, late);

        if (lateFirst) Server.Faults.WriteDelayed();
        var outcome = await AppendOnceAvailable(stream, NoStream, instead);
        if (!lateFirst) Server.Faults.WriteDelayed();

        Assert.Equal(lateFirst, outcome is AppendOutcome.Conflict);
        AssertHolds(Held(stream), lateFirst ? late : instead);
    }

    [Fact(Timeout = 60_000)]
    public async Task Not_ready_is_a_refusal_and_the_connection_is_kept()
    {
        await OpenAsync();
        var (stream, events) = New();
        _ = Server.Faults.NextAppend(AppendFate.NotReady);

        Assert.Contains("refused", (await MustFail(stream, NoStream, events)).Message, StringComparison.Ordinal);

        Assert.IsType<AppendOutcome.Appended>(await Append(stream, NoStream, events));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_is_lost_leaves_all_appends_under_way_in_doubt_and_each_is_repeated_once()
    {
        await OpenAsync();
        var appends = Enumerable.Range(0, 20).Select(_ => New(3)).ToList();
        foreach (var fate in new[] { AppendFate.WrittenInSilence, AppendFate.Silence, AppendFate.WrittenInSilence, AppendFate.WrittenAndLost })
            _ = Server.Faults.NextAppend(fate);

        var failed = await Task.WhenAll(appends.Select(append => Fails(append.Stream, append.Events)));
        Assert.InRange(failed.Count(fails => fails), 4, 20);
        var outcomes = await Task.WhenAll(appends.Select(append => AppendOnceAvailable(append.Stream, NoStream, append.Events)));

        Assert.All(outcomes, outcome => Assert.Equal(2UL, Assert.IsType<AppendOutcome.Appended>(outcome).Revision.Value));
        Assert.All(appends, append => AssertHolds(Held(append.Stream), append.Events));
    }

    private async Task<bool> Fails(StreamId stream, NewEvent[] events)
    {
        try
        {
            await Append(stream, NoStream, events);
            return false;
        }
        catch (EventLogUnavailableException)
        {
            return true;
        }
    }
}
