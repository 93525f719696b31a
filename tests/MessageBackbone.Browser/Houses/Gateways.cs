using MessageBackbone.Gateway;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Protocol.Identities;

namespace MessageBackbone.Browser.Houses;

/// <summary>The gateways of a house, as bureaus run them.</summary>
internal sealed class Gateways(House house) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, GatewayHost> _running = new(StringComparer.Ordinal);

    /// <summary>What they log; an error fails the test that disposes them.</summary>
    private readonly CapturedLogs _logs = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts one; returns when it knows the directory and attends.</summary>
    public async Task AttendAsync(string bureau)
    {
        var options = new GatewayOptions
        {
            Bureau = bureau,
            DataFolder = Path.Combine(house.Folder, "gateways", bureau),
            PkiFolder = house.PkiFolder,
            Node = house.Node.GrpcAddress,
            Listen = new Uri("https://127.0.0.1:0"),
            ReconnectFirst = TimeSpan.FromMilliseconds(50),
            ReconnectMax = TimeSpan.FromMilliseconds(500),
            JitterSeed = 1,
        };
        var gateway = _running[bureau] = await GatewayHost.StartAsync(options, house.Clock, _logs, Cancel);
        var attends = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watching = gateway.Observe(happened =>
        {
            if (happened is GatewayEvent.Attendance { Attending: true }) attends.TrySetResult();
        });
        await gateway.DirectoryKnown.WaitAsync(Patience, Cancel);
        if (!gateway.Attending) await attends.Task.WaitAsync(Patience, Cancel);
    }

    /// <summary>Sends a message; returns its id when the node has accepted it.</summary>
    public async Task<string> SendAsync(string from, Draft draft)
    {
        var id = await _running[from].SendAsync(draft, "test", Cancel);
        Assert.IsType<GatewayEvent.Accepted>(await _running[from].WaitAnswerAsync(id, Cancel).WaitAsync(Patience, Cancel));
        return id.Value;
    }

    /// <summary>Opens a message that is in the bureau's inbox, as an officer does.</summary>
    public async Task OpenAsync(string bureau, string id) =>
        Assert.NotNull(await _running[bureau].OpenAsync(MessageId.Parse(id), "night-desk", Cancel));

    public async Task StopAsync(string bureau)
    {
        if (_running.Remove(bureau, out var gateway)) await gateway.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _running.Values) await gateway.DisposeAsync();
        _logs.Dispose();
    }
}
