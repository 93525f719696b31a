using System.Diagnostics;
using System.Text;
using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Tests;

/// <summary>One run of `backbone` in this process: what it printed, and its exit code.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    public static async Task<CommandRun> OfAsync(params string[] args) => await WithAsync(new Dictionary<string, string>(), args);

    public static Task<CommandRun> WithAsync(IReadOnlyDictionary<string, string> environment, params string[] args) => WithAsync(environment, [], args);

    public static async Task<CommandRun> WithAsync(IReadOnlyDictionary<string, string> environment, byte[] input, string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var shell = new Shell(output, error, new MemoryStream(input), name => environment.GetValueOrDefault(name), TimeProvider.System, false, false);
        var code = await Commands.RunAsync(args, shell);
        return new CommandRun(code, output.ToString(), error.ToString());
    }
}

/// <summary>A folder of the test's own, gone afterwards.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("backbone-cli-").FullName;

    public string At(params string[] parts) => Path.Combine([Root, .. parts]);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
        return At(name);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>Tools of the machine, like openssl; their output is read together.</summary>
internal static class Tool
{
    public static async Task<string> RunAsync(string program, params string[] args)
    {
        var (code, text) = await TryAsync(program, args);
        Assert.True(code == 0, $"{program} {string.Join(' ', args)}: {text}");
        return text;
    }

    public static async Task<(int ExitCode, string Text)> TryAsync(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        foreach (var arg in args) start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var cancel = TestContext.Current.CancellationToken;
        var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, new StringBuilder().AppendJoin('\n', texts).ToString());
    }
}
