using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Running;
using MessageBackbone.Node.Hosting;

namespace MessageBackbone.Faults.Controls;

/// <summary>A run with one protection switched off, short and always the same: the damage must be found. With the protection on, the same scene ends well.</summary>
/// <param name="Off">What is switched off, in words.</param>
/// <param name="Damage">What comes of it: the word of the last line.</param>
internal sealed record ControlRun(string Name, string Off, string Damage, Func<Scene, Task> PlayAsync)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8), PatienceWithout = TimeSpan.FromSeconds(60);

    public static IReadOnlyList<ControlRun> All { get; } = [.. MemoryScenes.All, .. BrokerScenes.All];

    public bool RabbitMq { get; init; }

    /// <summary>A second net that would catch what falls through the first.</summary>
    public Action<NodeOptions>? Configure { get; init; }

    public static ControlRun? Find(string name) => All.FirstOrDefault(control => control.Name == name);

    /// <param name="switchedOff">False: the same scene with the protection.</param>
    public async Task<RunResult> RunAsync(string folder, bool switchedOff, TextWriter output, TimeProvider clock, CancellationToken cancellationToken)
    {
        await using var house = await House.OpenAsync(
            folder, RabbitMq, switchedOff ? Name : "", [Scene.Recipient, Scene.Sender], [], switchedOff ? Configure : null, cancellationToken);
        using var journal = new Journal(Path.Combine(folder, "journal.jsonl"));
        var scene = new Scene(house, journal, output, clock, cancellationToken);
        await PlayAsync(scene);
        var findings = await FaultRun.JudgeAsync(house, journal, switchedOff ? Patience : PatienceWithout, clock, cancellationToken);
        return new RunResult(scene.Breaking.Done, findings);
    }
}
