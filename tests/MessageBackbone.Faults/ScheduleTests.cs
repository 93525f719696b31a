using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Scheduling;

namespace MessageBackbone.Faults;

public sealed class ScheduleTests
{
    private static readonly string[] Gateways = ["DE", "ES", "FR"];

    [Fact]
    public void The_same_seed_gives_the_same_faults_and_another_seed_others()
    {
        var first = Schedule.Make(7, TimeSpan.FromMinutes(2), Gateways, new Engines(RabbitMq: true));

        Assert.Equal(first, Schedule.Make(7, TimeSpan.FromMinutes(2), ["FR", "DE", "ES"], new Engines(RabbitMq: true)));
        Assert.NotEqual(first, Schedule.Make(8, TimeSpan.FromMinutes(2), Gateways, new Engines(RabbitMq: true)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_schedule_of_a_minute_has_every_kind_in_order_of_time_and_ends_within_it(bool rabbitMq)
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var faults = Schedule.Make(seed, TimeSpan.FromMinutes(1), Gateways, new Engines(rabbitMq));

            Assert.Empty(Enum.GetValues<FaultKind>().Except(faults.Select(fault => fault.Kind)).Except(rabbitMq ? [] : [FaultKind.Wipe]));
            Assert.Equal(faults.Select(fault => fault.At).Order(), faults.Select(fault => fault.At));
            Assert.All(faults, fault => Assert.InRange(fault.At, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
            if (!rabbitMq) Assert.DoesNotContain(faults, fault => fault.On == "broker");
        }
    }

    [Fact]
    public void With_a_server_for_the_log_the_server_and_its_line_are_broken_and_no_commit_of_a_file()
    {
        var faults = Enumerable.Range(0, 50).SelectMany(seed => Schedule.Make(seed, TimeSpan.FromMinutes(1), Gateways, new Engines(RabbitMq: true, "eventstored"))).ToList();

        FaultKind[] ofItself = [FaultKind.Kill, FaultKind.Suspend, FaultKind.Cut, FaultKind.Stall, FaultKind.Slow];
        Assert.Equal(ofItself.Order(), faults.Where(fault => fault.On == "log").Select(fault => fault.Kind).Distinct().Order());
        Assert.DoesNotContain(faults, fault => fault.Kind is FaultKind.FlushFails or FaultKind.AnswerLost);
        Assert.DoesNotContain(faults, fault => fault is { Kind: FaultKind.DiskFull, On: "node" });
    }
}
