using MessageBackbone.Domain.Deliveries;
using MessageBackbone.Node.Escalating;
using MessageBackbone.V1;

namespace MessageBackbone.Node.Tests.Escalating;

/// <summary>How soon a message is to be where it belongs when nobody configured anything.</summary>
public sealed class ServiceLevelTests
{
    [Theory]
    [InlineData(Precedence.Flash, 10, true)]
    [InlineData(Precedence.Immediate, 30, true)]
    [InlineData(Precedence.Priority, 3 * 60, false)]
    [InlineData(Precedence.Routine, 6 * 60, false)]
    public void Each_precedence_has_its_time_and_the_urgent_ones_wait_for_an_officer(Precedence precedence, int minutes, bool untilOpened)
    {
        var options = new EscalationOptions().Of(precedence);

        Assert.False(options.Off);
        Assert.Equal(TimeSpan.FromMinutes(minutes), options.Within);
        Assert.Equal(
            [(EscalationStep.DutyDesk, 1), (EscalationStep.Alternate, 1.5), (EscalationStep.Sender, 2), (EscalationStep.Operator, 2.5)],
            options.Level.Ladder.Rungs.Select(rung => (rung.Step, rung.After / options.Within)));
        Assert.Equal(untilOpened, ServiceClocks.StopsAtOpened(precedence, "notice.text"));
    }

    [Theory]
    [InlineData("order.recall")]
    [InlineData("statement.recall")]
    public void What_gateways_say_to_each_other_is_there_when_it_is_delivered(string kind) =>
        Assert.All([Precedence.Flash, Precedence.Immediate], precedence => Assert.False(ServiceClocks.StopsAtOpened(precedence, kind)));
}
