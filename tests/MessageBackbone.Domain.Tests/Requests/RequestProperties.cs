using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using MessageBackbone.Domain.Requests;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Requests;

/// <summary>Any order of deliveries, questions, answers and recalls; recorded at once or late, by one node or by two: the clock shows what a plain count of
/// minutes shows.</summary>
public sealed class RequestProperties
{
    private static readonly RequestTerms Terms = RequestTerms.Of(TimeSpan.FromMinutes(100), [.5, .9], .1, .25);
    private static readonly RequestOf Request = new(Sample.MessageId, "DE", "FR", "hit-urgent");

    [Fact]
    public void The_clock_shows_the_minutes_that_it_ran_and_no_other()
    {
        Run((model, state, now) =>
        {
            Assert.Equal(model.Started && (model.Reason is not null || !model.Over), state.Started is not null);
            if (state.Clock is { } clock) Assert.Equal(TimeSpan.FromMinutes(model.Minutes), clock.Elapsed(now));
            if (state.Clock is { } open && !model.Over) Assert.Equal(!model.Stands, open.Runs);
        });
    }

    [Fact]
    public void A_closed_clock_says_by_what_and_whether_it_was_late()
    {
        Run((model, state, _) =>
        {
            Assert.Equal(model.Reason, state.Closed?.Reason);
            if (state.Closed is not { } closed) return;
            Assert.Equal(TimeSpan.FromMinutes(model.Minutes), closed.Elapsed.ToTimeSpan());
            Assert.Equal(model.Minutes > 100, closed.Late);
        });
    }

    [Fact]
    public void A_step_is_taken_once_in_order_never_before_its_time_and_never_while_the_clock_stands_or_after_its_end()
    {
        Prop.ForAll(RequestAct.Walks.ToArbitrary(), acts => Follow(acts, (model, before, made) =>
        {
            if (Step(made) is not { } step) return;
            Assert.True(before.Steps.IsEmpty || step > before.Steps[^1]);
            Assert.False(model.Over || model.Stands);
            Assert.True(TimeSpan.FromMinutes(model.Minutes) >= Terms.Ladder.Rungs.Single(rung => rung.Step == step).After);
            // Who is told that it is due soon can still be in time.
            if (RequestTerms.IsReminder(step)) Assert.True(model.Minutes < 100);
        })).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_next_step_is_due_exactly_when_it_is_taken()
    {
        Run((_, state, now) =>
        {
            if (state is not { Started: { } started, Clock: { } clock }) return;
            var last = state.Steps.IsEmpty ? RequestStep.Unspecified : state.Steps[^1];
            if (Terms.NextDue(clock, last) is not { } due || due <= now) return;
            Assert.Equal(Terms.NextDue(clock, last), RequestTerms.Of(started).NextDue(clock, last));
            Assert.IsType<Decision.Repeat>(RequestClock.Decide(state, Look(due.AddTicks(-1))));
            Assert.IsType<Decision.Record>(RequestClock.Decide(state, Look(due)));
        });
    }

    private static void Run(Action<RequestModel, RequestClock, DateTimeOffset> check) =>
        Prop.ForAll(RequestAct.Walks.ToArbitrary(), acts =>
        {
            var (model, state, now) = Follow(acts, (_, _, _) => { });
            check(model, state, now);
        }).QuickCheckThrowOnFailure();

    private static (RequestModel Model, RequestClock State, DateTimeOffset Now) Follow(
        RequestAct[] acts, Action<RequestModel, RequestClock, IMessage> made)
    {
        var (model, talk, state, now, turns) = (new RequestModel(), RequestTalk.New, RequestClock.None, Sample.Noon, new List<RequestTurn>());
        foreach (var act in acts)
        {
            now = now.AddMinutes(act.Minutes);
            model.Pass(act.Minutes);
            if (act.At(now) is { } cause)
            {
                model.Hear(act);
                (talk, var more) = talk.Hear(cause);
                turns.AddRange(more);
            }

            // Also what was recorded long ago: rows made again, or another node, come to the same.
            if (act.Keeps) state = Keep(state, turns, now, model, made);
        }

        return (model, Keep(state, turns, now, model, made), now);
    }

    private static RequestClock Keep(RequestClock state, List<RequestTurn> turns, DateTimeOffset now, RequestModel model, Action<RequestModel, RequestClock, IMessage> made)
    {
        foreach (var turn in turns) state = Take(state, new TakeTurn(Request, turn, Terms, "node"), model, made);
        while (RequestClock.Decide(state, Look(now)) is Decision.Record) state = Take(state, Look(now), model, made);
        return state;
    }

    private static RequestClock Take(RequestClock state, RequestCommand command, RequestModel model, Action<RequestModel, RequestClock, IMessage> made)
    {
        var decision = RequestClock.Decide(state, command);
        Assert.IsNotType<Decision.Reject>(decision);
        if (decision is not Decision.Record record) return state;
        Assert.Null(state.Closed);
        foreach (var @event in record.Events) made(model, state, @event);
        return record.Events.Aggregate(state, RequestClock.Evolve);
    }

    private static TakeStep Look(DateTimeOffset now) => new(Request, "DE-DUTY", now, "node");

    private static RequestStep? Step(IMessage made) => made switch
    {
        RequestReminded e => e.Step,
        RequestOverdue e => e.Step,
        _ => null,
    };
}
