using MessageBackbone.Faults.Controls;

namespace MessageBackbone.Faults.Running;

/// <summary>Every control one after the other, in each of its plays.</summary>
internal static class ControlRuns
{
    /// <summary>Writes a line a play, then what the others cannot say alone: how many of them ended as they must. True: all.</summary>
    public static async Task<bool> RunAsync(RunOptions options, TextWriter output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var wrong = 0;
        foreach (var control in ControlRun.All)
            foreach (var play in control.Plays)
                if (!await IsRightAsync(options with { Control = control.Name, Play = play }, control, output, clock, cancellationToken))
                    wrong++;
        var plays = ControlRun.All.SelectMany(control => control.Plays).CountBy(play => play).ToDictionary();
        await output.WriteLineAsync(
            $"controls {ControlRun.All.Count}: played without the protection {plays[Play.SwitchedOff]}, with it {plays[Play.Protected]}, "
            + $"without it and without a kill {plays[Play.Unbroken]}; not as it must be {wrong}");
        return wrong == 0;
    }

    private static async Task<bool> IsRightAsync(RunOptions options, ControlRun control, TextWriter output, TimeProvider clock, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("backbone-control-").FullName;
        var (right, line) = (false, "");
        try
        {
            var result = await control.RunAsync(folder, options.Play, TextWriter.Null, clock, cancellationToken);
            (right, line) = (control.IsAsExpected(options.Play, result.Findings), result.Line);
        }
        catch (Exception ended) when (!cancellationToken.IsCancellationRequested)
        {
            // The scene did not come about: the others are played all the same.
            line = $"{ended.GetType().Name}: {ended.Message}";
        }
        await output.WriteLineAsync($"{(right ? "as it must" : "NOT AS IT MUST"),-14} {control.Name,-17} {options.Play,-11} {line}");
        if (right) Directory.Delete(folder, recursive: true);
        else await output.WriteLineAsync($"logs, databases and journal: {folder}\nplay it again: {options.Replay}");
        return right;
    }
}
