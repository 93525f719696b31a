using MessageBackbone.Faults.Controls;
using MessageBackbone.Faults.Houses;
using MessageBackbone.Faults.Judging;
using MessageBackbone.Faults.Loading;
using MessageBackbone.Faults.Scheduling;

namespace MessageBackbone.Faults.Running;

/// <summary>What a run came to.</summary>
internal sealed record RunResult(int Faults, Findings Findings)
{
    public string Line => Findings.Line(Faults);
}

/// <summary>One run: a house, load on it, faults by a schedule, rest, judgement.</summary>
internal sealed class FaultRun(RunOptions options, TextWriter output, TimeProvider clock)
{
    private static readonly string[] WithGateway = ["DE", "ES", "FR"];
    private const string Raw = "GB";

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
        await using var house = await House.OpenAsync(folder, options.RabbitMq, "", WithGateway, [Raw], null, cancellationToken);
        using var journal = new Journal(Path.Combine(folder, "journal.jsonl"));
        var faults = Schedule.Make(options.Seed, options.Length, house.Gateways, options.RabbitMq);
        var breaking = new Breaking(house, output, clock);
        using (var raw = new RawSender(house, journal, Raw, options.Seed))
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        using (var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            var loading = Task.WhenAll(new Load(house, journal, options.Seed, clock).RunAsync(stop.Token), raw.RunAsync(stop.Token, giveUp.Token));
            await breaking.PlayAsync(faults, cancellationToken);
            await stop.CancelAsync();
            giveUp.CancelAfter(options.Patience);
            await loading;
        }
        await output.WriteLineAsync($"healed; {journal.Count} messages were asked for; waiting until nothing moves");
        return new RunResult(breaking.Done, await JudgeAsync(house, journal, options.Patience, clock, cancellationToken));
    }

    /// <summary>Waits for rest and compares what every party has with what it must have.</summary>
    public static async Task<Findings> JudgeAsync(House house, Journal journal, TimeSpan patience, TimeProvider clock, CancellationToken cancellationToken)
    {
        var quiet = new Quiet(house, clock);
        await quiet.WaitAsync(patience, cancellationToken);
        return Model.Judge(journal.All, await quiet.ReadAsync(cancellationToken));
    }
}
