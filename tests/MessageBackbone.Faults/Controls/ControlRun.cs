using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Judging;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Running;
using MessageBackbone.Node.Hosting;

namespace MessageBackbone.Faults.Controls;

/// <summary>How the scene of a control is played.</summary>
internal enum Play
{
    /// <summary>Without the protection: the damage is found.</summary>
    SwitchedOff,

    /// <summary>With it: it ends well.</summary>
    Protected,

    /// <summary>Without it, and nobody is killed: it ends well too, so the damage comes of both together (decision 0134).</summary>
    Unbroken,
}

/// <summary>A scene that is short and always the same, played with one protection switched off and with it.</summary>
/// <param name="Off">What is switched off, in words.</param>
/// <param name="Damage">What comes of it: the word of the last line.</param>
internal sealed record ControlRun(string Name, string Off, string Damage, Func<Scene, Task> PlayAsync)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), PatienceWithout = TimeSpan.FromSeconds(60);

    public static IReadOnlyList<ControlRun> All { get; } = [.. MemoryScenes.All, .. BrokerScenes.All];

    public bool RabbitMq { get; init; }

    /// <summary>A bureau without a gateway takes part.</summary>
    public bool WithRaw { get; init; }

    /// <summary>A fault of the programs that belongs to the scene, with the protection too; empty: none.</summary>
    public string Fault { get; init; } = "";

    /// <summary>Settings of the node in each play.</summary>
    public Action<NodeOptions>? Always { get; init; }

    /// <summary>Settings that switch the protection off, or a second net that would catch what falls through it.</summary>
    public Action<NodeOptions>? Configure { get; init; }

    /// <summary>The same scene without its kill; null: it has none, or its damage needs none.</summary>
    public Func<Scene, Task>? UnbrokenAsync { get; init; }

    /// <summary>The ways in which it is played.</summary>
    public IEnumerable<Play> Plays => UnbrokenAsync is null ? [Play.SwitchedOff, Play.Protected] : [Play.SwitchedOff, Play.Protected, Play.Unbroken];

    public static ControlRun? Find(string name) => All.FirstOrDefault(control => control.Name == name);

    public async Task<RunResult> RunAsync(string folder, Play play, TextWriter output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var off = play != Play.Protected;
        await using var house = await House.OpenAsync(
            folder, new Engines(RabbitMq), off ? Name : Fault, [Scene.Recipient, Scene.Sender], WithRaw ? [Scene.Raw] : [], Always + (off ? Configure : null), cancellationToken);
        using var journal = new Journal(Path.Combine(folder, "journal.jsonl"));
        var scene = new Scene(house, journal, output, clock, play, cancellationToken);
        await (play == Play.Unbroken ? UnbrokenAsync! : PlayAsync)(scene);
        var findings = await FaultRun.JudgeAsync(house, journal, play == Play.SwitchedOff ? Patience : PatienceWithout, clock, cancellationToken);
        return new RunResult(scene.Breaking.Done, findings);
    }

    /// <summary>Whether it ended as this play must.</summary>
    public bool IsAsExpected(Play play, Findings findings) => play == Play.SwitchedOff
        ? Damage switch
        {
            "lost" => findings.Lost,
            "doubled" => findings.Doubled,
            "out of order" => findings.OutOfOrder,
            _ => findings.Unresolved,
        } is { Count: > 0 }
        : findings.Good;
}
