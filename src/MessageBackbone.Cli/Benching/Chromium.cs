using System.ComponentModel;
using System.Diagnostics;

namespace MessageBackbone.Cli.Benching;

/// <summary>A chromium without a window that keeps one page open until disposed.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _profile;

    private Chromium(Process process, DirectoryInfo profile) => (_process, _profile) = (process, profile);

    /// <summary>Processor time that all of them on this machine have used, those that ended since left out.</summary>
    public static TimeSpan Used()
    {
        var all = Process.GetProcessesByName(Path.GetFileNameWithoutExtension(Find()!));
        try
        {
            return all.Aggregate(TimeSpan.Zero, (sum, process) => sum + UsedBy(process));
        }
        finally
        {
            foreach (var process in all) process.Dispose();
        }
    }

    private static TimeSpan UsedBy(Process process)
    {
        try
        {
            return process.TotalProcessorTime;
        }
        catch (Exception ended) when (ended is Win32Exception or InvalidOperationException)
        {
            // Between the list and the question.
            return TimeSpan.Zero;
        }
    }

    /// <summary>Its path; null: it is not on PATH.</summary>
    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => (string[])[Path.Combine(folder, "chromium"), Path.Combine(folder, "google-chrome")]).FirstOrDefault(File.Exists);

    public static Chromium Open(Uri page)
    {
        var profile = Directory.CreateTempSubdirectory("backbone-browser-");
        var start = new ProcessStartInfo(Find()!) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                     "--remote-debugging-port=0", $"--user-data-dir={profile.FullName}"])
            start.ArgumentList.Add(argument);
        // Chromium's own sandbox refuses to run as root.
        if (Environment.UserName == "root") start.ArgumentList.Add("--no-sandbox");
        start.ArgumentList.Add(page.AbsoluteUri);
        var process = Process.Start(start) ?? throw new InvalidOperationException("chromium did not start.");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new(process, profile);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _profile.Delete(recursive: true);
    }
}
