using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Running;

namespace MessageBackbone.Faults;

/// <summary>Each protection that can be shown without a broker, switched off: the runner finds the damage and names it. The others: tests/faults.sh --controls.</summary>
public sealed class ControlTests
{
    public static TheoryData<string> Names => [.. ControlRun.All.Where(control => !control.RabbitMq).Select(control => control.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Without_the_protection_the_damage_is_found(string name)
    {
        var output = new StringWriter();
        var folder = Directory.CreateTempSubdirectory("backbone-control-");
        var control = ControlRun.Find(name)!;

        var result = await control.RunAsync(
            folder.FullName, switchedOff: true, TextWriter.Synchronized(output), TimeProvider.System, TestContext.Current.CancellationToken);

        var found = control.Damage switch
        {
            "lost" => result.Findings.Lost,
            "doubled" => result.Findings.Doubled,
            "out of order" => result.Findings.OutOfOrder,
            _ => result.Findings.Unresolved,
        };
        Assert.True(found.Count > 0, $"{output}\n{result.Line}");
        folder.Delete(recursive: true);
    }
}
