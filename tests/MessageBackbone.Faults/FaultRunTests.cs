using System.Text;
using MessageBackbone.Faults.Judging;
using MessageBackbone.Faults.Running;
using MessageBackbone.Faults.Scheduling;

namespace MessageBackbone.Faults;

/// <summary>The runner as CI runs it: short, with a seed that stays the same. Long runs: tests/faults.sh.</summary>
public sealed class FaultRunTests
{
    [Fact]
    public async Task What_breaks_on_a_short_schedule_loses_doubles_and_reorders_nothing_and_leaves_nothing_open()
    {
        var output = new StringWriter(new StringBuilder());
        var options = new RunOptions { Seed = 2026, Length = TimeSpan.FromSeconds(60) };

        var result = await new FaultRun(options, TextWriter.Synchronized(output), TimeProvider.System).RunAsync(TestContext.Current.CancellationToken);

        Assert.True(result.Findings.Good, $"{output}\n{result.Line}");
        Assert.InRange(result.Faults, 10, 100);
        Assert.True(Enum.GetValues<FaultKind>().All(result.Kinds.ContainsKey), $"{output}");
        Assert.InRange(result.Findings.Messages, 200, int.MaxValue);
        // Whatever breaks, some of each came about.
        Happened[] some = [Happened.Opened, Happened.Quarantined, Happened.Expired, Happened.Recalled, Happened.Redirected, Happened.Started, Happened.Closed];
        Assert.Empty(some.Except(result.Findings.Ended.Keys));
    }
}
