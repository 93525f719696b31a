using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using MessageBackbone.EventStoreStandIn.Storing;

namespace MessageBackbone.EventStoreStandIn;

/// <summary>A stand-in in a process of its own, which can be killed: what it answered is in its file.</summary>
/// <remarks>The process is the test program itself, whose entry point hands the arguments to <see cref="RunAsync"/>.</remarks>
public sealed class StandInProcess : IDisposable
{
    /// <summary>The first argument of the process.</summary>
    public const string Mode = "event-store-stand-in";

    private readonly Process _process;

    private StandInProcess(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public string ConnectionString => $"esdb://127.0.0.1:{Port}?tls=false";

    /// <summary>Starts <paramref name="program"/> as a stand-in over a file; returns when it listens.</summary>
    /// <param name="port">0: one that is free.</param>
    public static async Task<StandInProcess> StartAsync(Assembly program, string file, int port = 0)
    {
        var dotnet = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        string[] arguments = [program.Location, Mode, file, port.ToString(CultureInfo.InvariantCulture)];
        var process = Process.Start(new ProcessStartInfo(dotnet, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var line = await process.StandardOutput.ReadLineAsync();
        return line is not null ? new(process, int.Parse(line, CultureInfo.InvariantCulture)) : throw new InvalidOperationException("The stand-in did not start.");
    }

    /// <summary>The process: prints its port, and ends when its standard input does.</summary>
    /// <param name="arguments">What came after <see cref="Mode"/>.</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [var file, var port]) return 2;
        using var store = new StandInStore(TimeProvider.System, file);
        await using var node = await StandIn.StartAsync(new() { Store = store, Port = int.Parse(port, CultureInfo.InvariantCulture) });
        await Console.Out.WriteLineAsync(node.Port.ToString(CultureInfo.InvariantCulture));
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>kill -9; returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
