using System.Diagnostics;

namespace MessageBackbone.EndToEnd.Foreign;

/// <summary>
/// Debian's Python with its grpcio, called by full path: another Python that comes first on PATH has no grpcio. The stubs are made by protoc from the
/// project's protos, once for a run, into a folder that goes with the process.
/// </summary>
internal static class Python
{
    private static readonly string Source = Path.Combine(AppContext.BaseDirectory, "Foreign");
    private static readonly Task<string> Stubs = MakeStubsAsync();

    /// <summary>Runs one of the scripts; it must succeed.</summary>
    /// <param name="authorities">Folder that openssl takes for the machine's own authorities; empty: the machine's.</param>
    public static async Task<string> RunAsync(string authorities, string script, params string[] arguments) =>
        await OutputAsync("/usr/bin/python3", await Stubs, authorities, [Path.Combine(Source, "python", script), .. arguments]);

    /// <summary>Runs one command line whose words hold no spaces; it must succeed.</summary>
    public static Task<string> OpenSslAsync(string commandLine, string authorities = "") =>
        OutputAsync("openssl", "", authorities, commandLine.Split(' '));

    private static async Task<string> MakeStubsAsync()
    {
        var folder = Directory.CreateTempSubdirectory("backbone-stubs-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var protos = Path.Combine(Source, "protos");
        string[] files = [.. Directory.EnumerateFiles(protos, "*.proto", SearchOption.AllDirectories)];
        await OutputAsync(
            "/usr/bin/protoc", "", "",
            [
                "-I", protos, $"--python_out={folder}", $"--grpc_python_out={folder}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", .. files,
            ]);
        return folder;
    }

    private static async Task<string> OutputAsync(string program, string stubs, string authorities, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FOREIGN_STUBS"] = stubs;
        if (authorities.Length > 0) start.Environment["SSL_CERT_DIR"] = authorities;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var cancel = TestContext.Current.CancellationToken;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        try
        {
            await process.WaitForExitAsync(cancel).WaitAsync(TimeSpan.FromMinutes(2), cancel);
        }
        catch
        {
            process.Kill();
            throw;
        }
        Assert.True(process.ExitCode == 0, $"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await errors}");
        return await output;
    }
}
