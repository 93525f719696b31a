using MessageBackbone.Domain.Requests;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Requests;

public sealed class RequestClockTests
{
    private static readonly RequestTerms Terms = RequestTerms.Of(TimeSpan.FromMinutes(10), [.5, .9], .1, .25);
    private static readonly RequestOf Request = new(Sample.MessageId, "DE", "FR", "hit-urgent");

    [Fact]
    public void A_start_fixes_time_and_ladder_and_says_when_the_answer_is_due()
    {
        var started = Assert.IsType<RequestStarted>(Assert.Single(Made(RequestClock.None, Turn(1, RequestTurnKind.Start))));

        Assert.Equal((Sample.Noon, Sample.Noon.AddMinutes(10)), (started.StartedAt.ToDateTimeOffset(), started.DueAt.ToDateTimeOffset()));
        Assert.Equal([5, 9, 10, 11, 12.5], started.Ladder.Select(rung => rung.After.ToTimeSpan().TotalMinutes));
        Assert.Equal(("DE", "FR", "hit-urgent", 1u), (started.Recipient, started.Requester, started.DeadlineClass, started.Turn));
    }

    [Fact]
    public void A_call_ends_once_for_each_step_also_after_the_clock_was_closed()
    {
        EndRequestCall End(int step) => new(new RequestCalled { MessageId = Sample.MessageId, Recipient = "DE", EventId = Sample.ActId(step), Accepted = true });
        var state = RequestClock.Evolve(Started(), Assert.Single(Made(Started(), End(1))));

        RequestClock.Decide(state, End(1)).AddsNothing();
        Assert.Single(Made(state, End(2)));
        var closed = RequestClock.Evolve(state, Assert.Single(Made(state, Turn(2, RequestTurnKind.Close))));
        Assert.Single(Made(closed, End(2)));
    }

    [Fact]
    public void Each_step_names_who_is_told_and_when_it_was_due()
    {
        var state = Started();
        var told = new List<(RequestStep, string, double)>();
        foreach (var minutes in (double[])[5, 9, 10, 11, 12.5])
        {
            var made = Assert.Single(Made(state, Look(minutes + .25)));
            told.Add(made switch
            {
                RequestReminded e => (e.Step, e.To, (e.StepDueAt.ToDateTimeOffset() - Sample.Noon).TotalMinutes),
                RequestOverdue e => (e.Step, e.To, (e.StepDueAt.ToDateTimeOffset() - Sample.Noon).TotalMinutes),
                _ => default,
            });
            state = RequestClock.Evolve(state, made);
        }

        Assert.Equal(
            [(RequestStep.FirstReminder, "DE", 5), (RequestStep.SecondReminder, "DE", 9), (RequestStep.DutyDesk, "DE-DUTY", 10), (RequestStep.Requester, "FR", 11), (RequestStep.Operator, "", 12.5)],
            told);
        Assert.IsType<Decision.Repeat>(RequestClock.Decide(state, Look(9999)));
    }

    [Fact]
    public void Nobody_is_reminded_of_what_is_overdue_by_now_nor_twice_at_once()
    {
        Assert.Equal(RequestStep.SecondReminder, Assert.IsType<RequestReminded>(Assert.Single(Made(Started(), Look(9.5)))).Step);
        Assert.Equal(RequestStep.DutyDesk, Assert.IsType<RequestOverdue>(Assert.Single(Made(Started(), Look(30)))).Step);
    }

    [Fact]
    public void An_answer_before_the_receipt_closes_the_clock_in_time_and_the_receipt_changes_nothing()
    {
        var (talk, turns) = RequestTalk.New.Hear(new RequestCause.Answered("answer", Sample.Noon));
        var closed = Assert.IsType<RequestClosed>(Assert.Single(Made(RequestClock.None, Take(Assert.Single(turns)))));

        Assert.Equal(("ANSWERED", "answer", false, TimeSpan.Zero), (closed.Reason, closed.By, closed.Late, closed.Elapsed.ToTimeSpan()));
        Assert.Empty(talk.Hear(new RequestCause.Delivered(Sample.Noon)).Turns);
    }

    [Fact]
    public void A_question_before_the_receipt_makes_the_clock_stand_from_its_start()
    {
        var (talk, none) = RequestTalk.New.Hear(new RequestCause.Asked("question", Sample.Noon.AddMinutes(-3)));
        Assert.Empty(none);

        var (_, turns) = talk.Hear(new RequestCause.Delivered(Sample.Noon));
        var state = turns.Aggregate(RequestClock.None, (clock, turn) => Made(clock, Take(turn)).Aggregate(clock, RequestClock.Evolve));

        Assert.Equal(("question", (DateTimeOffset?)null, TimeSpan.Zero), (state.PausedBy, state.DueAt, state.Clock!.Elapsed(Sample.Noon.AddHours(9))));
    }

    [Fact]
    public void A_class_that_is_not_configured_any_more_is_said_to_be_and_has_no_clock()
    {
        var closed = Assert.IsType<RequestClosed>(Assert.Single(Made(RequestClock.None, new TakeTurn(Request, new(1, RequestTurnKind.Start, "", Sample.Noon), null, "node"))));

        Assert.Equal("CLASS_UNKNOWN", closed.Reason);
        Assert.IsType<Decision.Repeat>(RequestClock.Decide(RequestClock.Evolve(RequestClock.None, closed), Turn(2, RequestTurnKind.Pause)));
    }

    [Fact]
    public void Turns_are_recorded_in_their_order()
    {
        Assert.IsType<Decision.Reject>(RequestClock.Decide(RequestClock.None, Turn(2, RequestTurnKind.Pause)));
        Assert.IsType<Decision.Repeat>(RequestClock.Decide(Started(), Turn(1, RequestTurnKind.Start)));
    }

    [Fact]
    public void Who_is_closed_is_neither_reminded_nor_told()
    {
        var closed = Look(5.25) with { RecipientClosed = true, RequesterClosed = true };
        var reminded = Assert.IsType<RequestReminded>(Assert.Single(Made(Started(), closed)));
        Assert.Equal("", reminded.To);
        Assert.Null(RequestSteps.Notice(reminded));

        var state = RequestClock.Evolve(Started(), reminded);
        foreach (var minutes in (double[])[9, 10]) state = Made(state, Look(minutes + .25)).Aggregate(state, RequestClock.Evolve);
        var overdue = Assert.IsType<RequestOverdue>(Assert.Single(Made(state, closed with { At = Look(11.25).At })));
        Assert.Equal((RequestStep.Requester, ""), (overdue.Step, overdue.To));
    }

    [Fact]
    public void Reminders_are_parts_of_the_time()
    {
        Assert.Throws<ArgumentException>(() => RequestTerms.Of(TimeSpan.FromHours(1), [1.2], 0, 0));
        Assert.Throws<ArgumentException>(() => RequestTerms.Of(TimeSpan.FromHours(1), [.2, .3, .4, .5], 0, 0));
        Assert.Throws<ArgumentException>(() => RequestTerms.Of(TimeSpan.FromHours(1), [.5, .2], 0, 0));
    }

    private static RequestClock Started() => Made(RequestClock.None, Turn(1, RequestTurnKind.Start)).Aggregate(RequestClock.None, RequestClock.Evolve);

    private static TakeTurn Turn(uint number, RequestTurnKind kind) => Take(new(number, kind, "", Sample.Noon));

    private static TakeTurn Take(RequestTurn turn) => new(Request, turn, Terms, "node");

    private static TakeStep Look(double minutes) => new(Request, "DE-DUTY", Sample.Noon.AddMinutes(minutes), "node");

    private static IReadOnlyList<Google.Protobuf.IMessage> Made(RequestClock state, RequestCommand command) =>
        Assert.IsType<Decision.Record>(RequestClock.Decide(state, command)).Events;
}
