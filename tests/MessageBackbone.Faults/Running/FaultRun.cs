using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Judging;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Scheduling;
using MessageBackbone.Node.Hosting;

namespace MessageBackbone.Faults.Running;

/// <summary>What a run came to.</summary>
internal sealed record RunResult(int Faults, Findings Findings)
{
    /// <summary>Kinds of faults that were in force, and how many of each.</summary>
    public IReadOnlyDictionary<FaultKind, int> Kinds { get; init; } = new Dictionary<FaultKind, int>();

    public string Line => Findings.Line(Faults);
}

/// <summary>One run: a house, load on it, faults by a schedule, rest, judgement.</summary>
internal sealed class FaultRun(RunOptions options, TextWriter output, TimeProvider clock)
{
    private static readonly string[] WithGateway = ["DE", "ES", "FR"];
    private const string Raw = "GB";

    // Seconds: more than the longest deliver_by, and than a fault of the node's clock with all steps of IMMEDIATE.
    private const int TimeGoesOn = 300;

    public async Task<RunResult> RunAsync(CancellationToken cancellationToken)
    {
        var folder = options.Folder.Length > 0 ? options.Folder : Directory.CreateTempSubdirectory("backbone-faults-").FullName;
        var result = await RunInAsync(folder, cancellationToken);
        foreach (var detail in result.Findings.Details()) await output.WriteLineAsync(detail);
        if (!result.Findings.Good) await output.WriteLineAsync($"logs, databases and journal: {folder}\nplay it again: {options.Replay}");
        else if (options.Folder.Length == 0) Directory.Delete(folder, recursive: true);
        return result;
    }

    private async Task<RunResult> RunInAsync(string folder, CancellationToken cancellationToken)
    {
        if (ControlRun.Find(options.Control) is { } control) return await control.RunAsync(folder, options.Play, output, clock, cancellationToken);
        await using var house = await House.OpenAsync(folder, options.Engines, "", WithGateway, [Raw], SetLevels, cancellationToken);
        using var journal = new Journal(Path.Combine(folder, "journal.jsonl"));
        var faults = Schedule.Make(options.Seed, options.Length, house.Gateways, options.Engines);
        var (breaking, officers) = (new Breaking(house, output, clock), new Officers(house, journal));
        await Poison.InstallAsync(house, cancellationToken);
        using (var raw = new RawSender(house, journal, Raw, options.Seed))
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        using (var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            var loading = Task.WhenAll(
                new Load(house, journal, options.Seed, clock, Raw).RunAsync(stop.Token, giveUp.Token), raw.RunAsync(stop.Token, giveUp.Token), officers.RunAsync(clock, stop.Token));
            await breaking.PlayAsync(faults, cancellationToken);
            await stop.CancelAsync();
            giveUp.CancelAfter(options.Patience * 4);
            await loading;
        }
        await Poison.CureAsync(house, cancellationToken);
        await output.WriteLineAsync($"healed; {journal.Count} messages were asked for; waiting until nothing moves");
        var findings = await JudgeAsync(house, journal, options.Patience, clock, cancellationToken, officers);
        await output.WriteLineAsync($"in the log: {string.Join(", ", findings.Ended.Select(one => $"{one.Key} {one.Value}"))}");
        await output.WriteLineAsync($"in force: {string.Join(", ", breaking.Kinds.OrderBy(one => one.Key).Select(one => $"{one.Key} {one.Value}"))}");
        return new RunResult(breaking.Done, findings) { Kinds = breaking.Kinds };
    }

    /// <summary>Waits for rest and compares what every party has with what it must have.</summary>
    /// <param name="officers">Who worked meanwhile, in a house with <see cref="SetLevels"/>; null: nobody has, and the levels are the usual ones.</param>
    public static async Task<Findings> JudgeAsync(
        House house, Journal journal, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken, Officers? officers = null)
    {
        var quiet = new Quiet(house, journal, officers ?? new Officers(house, journal), officers is null ? null : TimeGoesOn, clock);
        await quiet.WaitAsync(patience, cancellationToken);
        var ends = await quiet.ReadAsync(cancellationToken);
        return Model.Judge(journal.All, ends) with { Ended = ends.Log.Tally };
    }

    // Seconds for what officers open at once, so that a fault makes some of it late; and no clock that could tick while the end is read.
    private static void SetLevels(NodeOptions options)
    {
        options.Delivering.DeadlinesLookedAtEvery = TimeSpan.FromSeconds(1);
        var escalation = options.Escalation;
        escalation.LookEvery = TimeSpan.FromSeconds(1);
        escalation.Immediate.Within = TimeSpan.FromSeconds(6);
        escalation.Flash.Off = escalation.Priority.Off = escalation.Routine.Off = true;
    }
}
