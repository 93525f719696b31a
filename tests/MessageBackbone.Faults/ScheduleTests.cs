using MessageBackbone.Faults.Scheduling;

namespace MessageBackbone.Faults;

public sealed class ScheduleTests
{
    private static readonly string[] Gateways = ["DE", "ES", "FR"];

    [Fact]
    public void The_same_seed_gives_the_same_faults_and_another_seed_others()
    {
        var first = Schedule.Make(7, TimeSpan.FromMinutes(2), Gateways, rabbitMq: true);

        Assert.Equal(first, Schedule.Make(7, TimeSpan.FromMinutes(2), ["FR", "DE", "ES"], rabbitMq: true));
        Assert.NotEqual(first, Schedule.Make(8, TimeSpan.FromMinutes(2), Gateways, rabbitMq: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_schedule_of_a_minute_has_every_kind_in_order_of_time_and_ends_within_it(bool rabbitMq)
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var faults = Schedule.Make(seed, TimeSpan.FromMinutes(1), Gateways, rabbitMq);

            Assert.Empty(Enum.GetValues<FaultKind>().Except(faults.Select(fault => fault.Kind)).Except(rabbitMq ? [] : [FaultKind.Wipe]));
            Assert.Equal(faults.Select(fault => fault.At).Order(), faults.Select(fault => fault.At));
            Assert.All(faults, fault => Assert.InRange(fault.At, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
            if (!rabbitMq) Assert.DoesNotContain(faults, fault => fault.On == "broker");
        }
    }
}
