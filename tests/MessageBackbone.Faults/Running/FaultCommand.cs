using MessageBackbone.Faults.Controls;

namespace MessageBackbone.Faults.Running;

/// <summary>The runner from the command line: tests/faults.sh.</summary>
internal static class FaultCommand
{
    private const string Usage = """
        Breaks a node, three gateways and a broker, all real processes, on a schedule, and judges what every party ends with.

          tests/faults.sh [--minutes N] [--seed S] [--in-memory] [--eventstore PROGRAM] [--keep FOLDER]
                                               PROGRAM: an EventStoreDB server; the log is in it, and it is broken too
          tests/faults.sh --control NAME       one protection switched off: the damage must be found, so it ends with 1
          tests/faults.sh --control NAME --protected   the same scene with the protection: it ends well
          tests/faults.sh --control NAME --unbroken    without the protection and without the kill, where there is one: it ends well too
          tests/faults.sh --controls           every control in each of these ways; exit code 0: all ended as they must
          tests/faults.sh --list-controls      what can be switched off, and what comes of it

        The last line counts: faults, messages, lost, doubled, out of order, unresolved. Exit code 0: the last four are 0; 1: they are not; 2: wrong usage.
        """;

    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output)
    {
        if (args is ["--help" or "-h"])
        {
            await output.WriteLineAsync(Usage);
            return 0;
        }
        if (RunOptions.Parse(args, out var problem) is not { } options)
        {
            await output.WriteLineAsync($"{problem}\n\n{Usage}");
            return 2;
        }
        if (options.ListControls)
        {
            foreach (var control in ControlRun.All) await output.WriteLineAsync($"{control.Name,-24} {control.Off} → {control.Damage}");
            return 0;
        }
        using var stop = new CancellationTokenSource();
        ConsoleCancelEventHandler cancel = (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        Console.CancelKeyPress += cancel;
        if (options is { Control.Length: 0, Controls: false })
            await output.WriteLineAsync($"seed {options.Seed}, {options.Length.TotalMinutes:0.##} minutes, {options.Engines}");
        try
        {
            if (options.Controls) return await ControlRuns.RunAsync(options, output, TimeProvider.System, stop.Token) ? 0 : 1;
            var result = await new FaultRun(options, output, TimeProvider.System).RunAsync(stop.Token);
            await output.WriteLineAsync(result.Line);
            return result.Findings.Good ? 0 : 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await output.WriteLineAsync("Stopped before the end: nothing was judged.");
            return 1;
        }
        finally
        {
            Console.CancelKeyPress -= cancel;
        }
    }
}
