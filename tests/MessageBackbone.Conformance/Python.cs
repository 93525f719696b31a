using System.Diagnostics;

namespace MessageBackbone.Conformance;

/// <summary>
/// Debian's Python with its grpcio, called by full path: another Python that comes first on PATH has no grpcio.
/// The stubs are made by protoc, once for a run, into a folder that goes with the process.
/// </summary>
internal static class Python
{
    private const string Program = "/usr/bin/python3";

    private static readonly Task<string> Workplace = PrepareAsync();

    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        using var process = await StartAsync(script, arguments);
        process.StandardInput.Close();
        return await OutputAsync(process, $"{script} {string.Join(' ', arguments)}");
    }

    public static async Task<Process> StartAsync(string script, params string[] arguments)
    {
        var workplace = await Workplace;
        return Start(Program, [Path.Combine(AppContext.BaseDirectory, "python", script), .. arguments], workplace);
    }

    /// <summary>Keys and certificates as PEM.</summary>
    public static Task<string> CertificatesAsync() => Workplace;

    private static async Task<string> PrepareAsync()
    {
        var folder = Directory.CreateTempSubdirectory("conformance-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        Certificates.Write(folder);
        var protos = Path.Combine(AppContext.BaseDirectory, "protos");
        string[] files = [.. Directory.EnumerateFiles(protos, "*.proto", SearchOption.AllDirectories)];
        using var protoc = Start(
            "/usr/bin/protoc",
            [
                "-I", protos, $"--python_out={folder}", $"--grpc_python_out={folder}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", .. files,
            ],
            folder);
        await OutputAsync(protoc, "protoc");
        return folder;
    }

    private static Process Start(string program, string[] arguments, string stubs)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CONFORMANCE_STUBS"] = stubs;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }

    private static async Task<string> OutputAsync(Process process, string what)
    {
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"{what} did not end:\n{await errors}");
        }

        Assert.True(process.ExitCode == 0, $"{what} ended with {process.ExitCode}:\n{await errors}");
        return await output;
    }
}
