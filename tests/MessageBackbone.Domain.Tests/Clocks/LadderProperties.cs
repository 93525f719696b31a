using FsCheck;
using FsCheck.Fluent;
using MessageBackbone.Domain.Clocks;
using MessageBackbone.V1;

namespace MessageBackbone.Domain.Tests.Clocks;

/// <summary>Any ladder, any clock that is paused and stopped anyhow, looked at at any times: never early, never twice, never after the stop.</summary>
public sealed class LadderProperties
{
    private enum Act
    {
        Look,
        Pause,
        Resume,
        Stop,
    }

    // One look in four takes what it finds; the clock of the node never goes back here, in `A_clock_that_was_set_back` it does.
    private sealed record Walk(int[] Heights, (Act Act, int Minutes)[] Acts);

    private static Gen<Walk> Walks =>
        from heights in Gen.Choose(0, 90).ArrayOf(4)
        from count in Gen.Choose(1, 4)
        from acts in (from act in Gen.Frequency((6, Gen.Constant(Act.Look)), (2, Gen.Constant(Act.Pause)), (2, Gen.Constant(Act.Resume)), (1, Gen.Constant(Act.Stop)))
                      from minutes in Gen.Choose(0, 30)
                      select (act, minutes)).ArrayOf()
        select new Walk([.. heights.Order().Take(count)], acts);

    private static Ladder<EscalationStep> LadderOf(Walk walk) =>
        new(walk.Heights.Select((height, i) => new Rung<EscalationStep>((EscalationStep)(i + 1), TimeSpan.FromMinutes(height))));

    [Fact]
    public void A_step_is_taken_once_in_order_and_not_before_the_clock_shows_its_time()
    {
        Prop.ForAll(Walks.ToArbitrary(), walk => Follow(walk, (clock, taken, now, rung) =>
        {
            Assert.DoesNotContain(rung.Step, taken);
            Assert.Equal(taken.Count + 1, (int)rung.Step);
            Assert.True(clock.Elapsed(now) >= rung.After);
            Assert.True(clock.Runs);
        })).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_next_due_time_is_exact()
    {
        Prop.ForAll(Walks.ToArbitrary(), walk => Follow(walk, (clock, taken, _, rung) =>
        {
            var due = LadderOf(walk).NextDue(clock, taken)!.Value;
            Assert.Equal(rung.After, clock.Elapsed(due));
            Assert.Null(LadderOf(walk).Due(clock, taken, due.AddTicks(-1)));
            Assert.Equal(rung, LadderOf(walk).Due(clock, taken, due));
        })).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_clock_that_stands_shows_the_same_however_late_it_is_read()
    {
        Prop.ForAll(Walks.ToArbitrary(), walk =>
        {
            var (clock, now) = (new RunningClock(Sample.Noon), Sample.Noon);
            foreach (var (act, minutes) in walk.Acts)
            {
                now = now.AddMinutes(minutes);
                clock = Apply(clock, act, now);
                if (clock.Runs) continue;
                Assert.Equal(clock.Elapsed(now), clock.Elapsed(now.AddDays(400)));
                Assert.Null(clock.Reaches(clock.Elapsed(now) + TimeSpan.FromTicks(1)));
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_clock_that_was_set_back_shows_nothing_and_not_less()
    {
        Assert.Equal(TimeSpan.Zero, new RunningClock(Sample.Noon).Elapsed(Sample.Noon.AddHours(-1)));
        Assert.Equal(TimeSpan.FromMinutes(5), new RunningClock(Sample.Noon).Pause(Sample.Noon.AddMinutes(5)).Resume(Sample.Noon).Elapsed(Sample.Noon.AddMinutes(5)));
    }

    [Fact]
    public void A_ladder_goes_up_and_names_a_step_once()
    {
        Assert.Throws<ArgumentException>(() => new Ladder<EscalationStep>([new(EscalationStep.Sender, TimeSpan.FromHours(2)), new(EscalationStep.Operator, TimeSpan.FromHours(1))]));
        Assert.Throws<ArgumentException>(() => new Ladder<EscalationStep>([new(EscalationStep.Sender, default), new(EscalationStep.Sender, default)]));
        Assert.Null(new RunningClock(Sample.Noon).Reaches(TimeSpan.MaxValue));
    }

    private static RunningClock Apply(RunningClock clock, Act act, DateTimeOffset now) => act switch
    {
        Act.Pause => clock.Pause(now),
        Act.Resume => clock.Resume(now),
        Act.Stop => clock.Stop(now),
        _ => clock,
    };

    private static void Follow(Walk walk, Action<RunningClock, IReadOnlyList<EscalationStep>, DateTimeOffset, Rung<EscalationStep>> check)
    {
        var (ladder, clock, now, taken) = (LadderOf(walk), new RunningClock(Sample.Noon), Sample.Noon, new List<EscalationStep>());
        foreach (var (act, minutes) in walk.Acts)
        {
            now = now.AddMinutes(minutes);
            clock = Apply(clock, act, now);
            while (act == Act.Look && ladder.Due(clock, taken, now) is { } rung)
            {
                check(clock, taken, now, rung);
                taken.Add(rung.Step);
            }
        }
    }
}
