using MessageBackbone.Faults.Controls;

namespace MessageBackbone.Faults;

/// <summary>
/// Each protection that can be shown without a broker, switched off: the runner finds the damage and names it. The same scenes with the protection:
/// tests/faults.sh --controls.
/// </summary>
public sealed class ControlTests
{
    public static TheoryData<string> Names => [.. ControlRun.All.Where(control => !control.RabbitMq).Select(control => control.Name)];

    public static TheoryData<string> Late => [.. ControlRun.All.Where(control => control.UnbrokenAsync is not null).Select(control => control.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Without_the_protection_the_damage_is_found(string name) => ControlPlaying.PlayAsync(name, Play.SwitchedOff);

    /// <summary>What these write is late and not left out: the damage comes of the kill, as it would in a node or gateway that was built so.</summary>
    [Theory]
    [MemberData(nameof(Late))]
    public Task Without_the_protection_and_without_a_kill_all_is_well(string name) => ControlPlaying.PlayAsync(name, Play.Unbroken);
}

/// <summary>The same for those that need a broker.</summary>
public sealed class BrokerControlTests
{
    public static TheoryData<string> Names => [.. ControlRun.All.Where(control => control.RabbitMq).Select(control => control.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Without_the_protection_the_damage_is_found(string name) => ControlPlaying.PlayAsync(name, Play.SwitchedOff);
}

internal static class ControlPlaying
{
    public static async Task PlayAsync(string name, Play play)
    {
        var output = new StringWriter();
        var folder = Directory.CreateTempSubdirectory("backbone-control-");
        var control = ControlRun.Find(name)!;

        var result = await control.RunAsync(
            folder.FullName, play, TextWriter.Synchronized(output), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.True(control.IsAsExpected(play, result.Findings), $"{output}\n{string.Join('\n', result.Findings.Details().Take(20))}\n{result.Line}\n{folder}");
        folder.Delete(recursive: true);
    }
}
