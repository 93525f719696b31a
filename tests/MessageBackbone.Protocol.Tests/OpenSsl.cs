using System.Diagnostics;

namespace MessageBackbone.Protocol.Tests;

/// <summary>Runs the openssl of PATH in a folder of its own, which is deleted afterwards.</summary>
internal sealed class OpenSsl : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backbone-openssl-");

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.FullName, name), text);

    public void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(_folder.FullName, name), bytes);

    public byte[] Read(string name) => File.ReadAllBytes(Path.Combine(_folder.FullName, name));

    public string ReadText(string name) => File.ReadAllText(Path.Combine(_folder.FullName, name));

    /// <summary>Runs a command line whose words hold no spaces; fails the test unless it ends with 0.</summary>
    public async Task RunAsync(string commandLine)
    {
        var (code, output) = await TryRunAsync(commandLine);
        Assert.True(code == 0, $"openssl {commandLine[..Math.Min(120, commandLine.Length)]} ended with {code}: {output}");
    }

    public async Task<(int Code, string Output)> TryRunAsync(string commandLine)
    {
        var start = new ProcessStartInfo("openssl", commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            UseShellExecute = false,
            WorkingDirectory = _folder.FullName,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var cancel = TestContext.Current.CancellationToken;
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var errors = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return (process.ExitCode, await output + await errors);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
