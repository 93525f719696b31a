using MessageBackbone.Gateway.Storing;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Running;

/// <summary>A real node with enrolled bureaus, and the gateways that a test starts for them.</summary>
internal sealed class GatewayHouse : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _started = [];

    private GatewayHouse(House house) => Node = house;

    public House Node { get; }

    /// <summary>What the gateways log; an error that no test expected fails the test.</summary>
    public CapturedLogs Logs { get; } = new();

    public Party this[string bureau] => Node[bureau];

    public static async Task<GatewayHouse> OpenAsync(params string[] bureaus) => new(await House.OpenAsync(bureaus));

    public static async Task<GatewayHouse> OpenAsync(Action<NodeOptions> configure, params string[] bureaus) => new(await House.OpenAsync(configure, bureaus));

    public string FolderOf(string bureau) => Path.Combine(Node.Folder, "gateways", bureau);

    public GatewayOptions Options(string bureau, Uri? node = null) => new()
    {
        Bureau = bureau,
        DataFolder = FolderOf(bureau),
        PkiFolder = Node.PkiFolder,
        Node = node ?? Node.Node.GrpcAddress,
        Listen = new Uri("https://127.0.0.1:0"),
        ReconnectFirst = TimeSpan.FromMilliseconds(20),
        ReconnectMax = TimeSpan.FromMilliseconds(100),
        JitterSeed = 1,
    };

    /// <summary>Does not wait for anything: the node may be away.</summary>
    public async Task<RunningGateway> StartAsync(
        string bureau, Action<GatewayOptions>? configure = null, Uri? node = null, TimeProvider? clock = null, GatewayStores? stores = null)
    {
        var options = Options(bureau, node);
        configure?.Invoke(options);
        var gateway = await RunningGateway.StartAsync(options, clock ?? Node.Clock, Logs, stores);
        _started.Add(gateway);
        return gateway;
    }

    /// <summary>Knows the directory and attends.</summary>
    public async Task<RunningGateway> AttendAsync(string bureau, Action<GatewayOptions>? configure = null, Uri? node = null, TimeProvider? clock = null)
    {
        var gateway = await StartAsync(bureau, configure, node, clock);
        await gateway.AttendsAsync();
        return gateway;
    }

    /// <summary>A node between the bureau's gateway and the real one.</summary>
    public async Task<FalseNode> StandBetweenAsync(string bureau)
    {
        var between = await FalseNode.StartAsync(Node[bureau], Node.Ca.IssueAll(new Holder(HolderRole.Node, "node-2"), Node.Clock.GetUtcNow()));
        _started.Insert(0, between);
        return between;
    }

    /// <summary>New certificates of these uses in the bureau's folder, and enrolled; what runs has read the old ones.</summary>
    public async Task EnrolNewAsync(string bureau, params CertificateUse[] uses)
    {
        using var keys = Node.Renew(Holder.Bureau(bureau), uses).OpenKeys();
        foreach (var use in uses)
            await Node.EnrolAsync((use switch { CertificateUse.Tls => keys.Tls, CertificateUse.Sign => keys.Sign!, _ => keys.Seal! }).RawData, use);
    }

    /// <summary>Ends with the house, before the node.</summary>
    public T Keep<T>(T started)
        where T : IAsyncDisposable
    {
        _started.Add(started);
        return started;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Enumerable.Reverse(_started)) await started.DisposeAsync();
        await Node.DisposeAsync();
        Logs.Dispose();
    }
}
