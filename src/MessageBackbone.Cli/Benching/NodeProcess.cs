using System.Diagnostics;
using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Benching;

/// <summary>A node in a process of its own, so that its memory is its own.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const int LinesKept = 20;

    private readonly Process _process;
    private readonly Queue<string> _said = new();
    private readonly Task _listening;

    private NodeProcess(Process process)
    {
        _process = process;
        _listening = ListenAsync();
    }

    public Uri Address { get; private set; } = new("https://127.0.0.1");

    /// <summary>Resident memory in MiB; 0 where the system does not tell.</summary>
    public double ResidentMib
    {
        get
        {
            _process.Refresh();
            return Math.Round(_process.WorkingSet64 / 1048576.0, 1);
        }
    }

    /// <summary>Returns when it says where it listens.</summary>
    public static async Task<NodeProcess> StartAsync(string pki, string data, Uri? rabbitMq, CancellationToken stop)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(NodeProcess).Assembly.Location, "node", "--pki", pki, "--data", data])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MESSAGEBACKBONE_Node__Listen"] = "127.0.0.1:0";
        // A measurement is no bureau's daily business: quotas would hold up the one that fills, and slow down the one that measures.
        foreach (var level in (ReadOnlySpan<string>)["Routine", "Flash"])
        {
            start.Environment[$"MESSAGEBACKBONE_Node__Accepting__{level}__PerSecond"] = "1000000";
            start.Environment[$"MESSAGEBACKBONE_Node__Accepting__{level}__Burst"] = "1000000";
        }
        if (rabbitMq is not null) start.Environment["MESSAGEBACKBONE_Node__RabbitMq"] = rabbitMq.ToString();
        var node = new NodeProcess(Process.Start(start) ?? throw new CommandFailure("dotnet could not be started."));
        try
        {
            node.Address = await node.ReadyAsync(stop);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _listening;
        _process.Dispose();
    }

    private async Task<Uri> ReadyAsync(CancellationToken stop)
    {
        while (await _process.StandardOutput.ReadLineAsync(stop) is { } line)
        {
            var at = line.IndexOf("https://", StringComparison.Ordinal);
            if (at < 0) continue;
            // Read on, or it would wait for us when the pipe is full.
            _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return new Uri(line[at..].Split(' ')[0].TrimEnd('.'));
        }
        await _listening;
        throw new CommandFailure($"The node ended before it was ready. {string.Join(' ', _said)}");
    }

    // Read for as long as it runs: it would wait for us when the pipe is full.
    private async Task ListenAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _said.Enqueue(line);
            if (_said.Count > LinesKept) _said.Dequeue();
        }
    }
}
