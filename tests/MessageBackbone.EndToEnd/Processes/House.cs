using System.Net;
using System.Text.Json;
using MessageBackbone.Cli;
using MessageBackbone.Cli.Addresses;
using MessageBackbone.Cli.Invoking;
using MessageBackbone.Cli.Pki;
using MessageBackbone.Cli.Running;
using MessageBackbone.Gateway;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Routing;

namespace MessageBackbone.EndToEnd.Processes;

/// <summary>A node, gateways and a PKI in a folder of the test's own; each part is a process that the test may kill.</summary>
internal sealed class House : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("backbone-house-");
    private readonly Dictionary<string, BackboneProcess> _gateways = [];
    private readonly Dictionary<string, Officer> _officers = [];
    private readonly Dictionary<string, string> _environment = [];
    private readonly int _nodePort = LocalBrokerSetup.FreePort();
    private BackboneProcess? _node;

    public string Folder => _folder.FullName;

    public string PkiFolder => Path.Combine(Folder, "pki");

    public string NodeFolder => Path.Combine(Folder, "node");

    public Uri NodeAddress => new($"https://127.0.0.1:{_nodePort}");

    public BackboneProcess Node => _node!;

    /// <summary>Variables of every process that is started from now on.</summary>
    public IDictionary<string, string> Environment => _environment;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The local API of a bureau's running gateway.</summary>
    public Officer this[string bureau] => _officers[bureau];

    public BackboneProcess Gateway(string bureau) => _gateways[bureau];

    /// <summary>Makes the PKI and runs the node; the bureaus are registered and enrolled. Their gateways are not started.</summary>
    public static async Task<House> OpenAsync(Uri? rabbitMq, Action<NodeOptions>? configure, params string[] bureaus)
    {
        var house = new House();
        try
        {
            await house.CommandAsync("pki", "init", "--bureaus", string.Join(',', bureaus));
            house.WriteNodeConfiguration(rabbitMq, configure);
            await house.StartNodeAsync();
            foreach (var bureau in bureaus) await house.CommandAsync("directory", "register", bureau);
            await house.CommandAsync(["pki", "enrol", "operator-1", "auditor-1", "node", .. bureaus]);
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    public async Task StartNodeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        _node = await BackboneProcess.StartAsync(LogOf("node"), _environment, "node", "--config", Path.Combine(Folder, "node.json"));
    }

    public async Task StartGatewaysAsync(params string[] bureaus)
    {
        foreach (var bureau in bureaus) await StartGatewayAsync(bureau);
        foreach (var bureau in bureaus) await this[bureau].AttendsAsync();
    }

    /// <summary>Starts a gateway, again where it was killed; returns when its local API answers.</summary>
    public async Task StartGatewayAsync(string bureau, Action<GatewayOptions>? configure = null)
    {
        if (_gateways.Remove(bureau, out var before)) await before.DisposeAsync();
        if (_officers.Remove(bureau, out var officer)) officer.Dispose();
        var options = HouseDefaults.Gateway(new PkiFolder(PkiFolder, TimeProvider.System), bureau, GatewayFolder(bureau), NodeAddress);
        options.Listen = new Uri("https://127.0.0.1:0");
        options.ReconnectMax = TimeSpan.FromSeconds(2);
        configure?.Invoke(options);
        var file = Path.Combine(Folder, $"gateway-{bureau}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { Gateway = options }), Cancel);
        _gateways[bureau] = await BackboneProcess.StartAsync(LogOf($"gateway-{bureau}"), _environment, "gateway", "--config", file);
        _officers[bureau] = Officer.Of(_gateways[bureau].Address, GatewayFolder(bureau));
    }

    /// <summary>Runs `backbone` in this process against this house; it must succeed.</summary>
    public async Task<string> CommandAsync(params string[] args)
    {
        var (code, output, error) = await TryCommandAsync(args);
        Assert.True(code == 0, $"backbone {string.Join(' ', args)}: {error}{output}");
        return output;
    }

    /// <summary>The same, however it ends.</summary>
    public async Task<(int Code, string Output, string Error)> TryCommandAsync(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var environment = new Dictionary<string, string> { ["BACKBONE_PKI"] = PkiFolder, ["BACKBONE_NODE"] = NodeAddress.ToString(), ["BACKBONE_DATA"] = Folder };
        var shell = new Shell(output, error, new MemoryStream(), name => environment.GetValueOrDefault(name), TimeProvider.System, false, false);
        return (await Commands.RunAsync(args, shell), output.ToString(), error.ToString());
    }

    public string GatewayFolder(string bureau) => Path.Combine(Folder, "gateways", bureau);

    public string LogOf(string part) => Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "logs")).FullName, part + ".log");

    public async ValueTask DisposeAsync()
    {
        foreach (var officer in _officers.Values) officer.Dispose();
        foreach (var gateway in _gateways.Values) await gateway.DisposeAsync();
        if (_node is not null) await _node.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void WriteNodeConfiguration(Uri? rabbitMq, Action<NodeOptions>? configure)
    {
        var pki = new PkiFolder(PkiFolder, TimeProvider.System);
        var options = HouseDefaults.Node(pki, HolderFolder.Open(PkiFolder, "node"), NodeFolder);
        // A port of its own that stays the same: the gateways come back to it after the node was killed.
        options.Listen = new IPEndPoint(IPAddress.Loopback, _nodePort).ToString();
        options.RabbitMq = rabbitMq?.ToString() ?? "";
        configure?.Invoke(options);
        File.WriteAllText(Path.Combine(Folder, "node.json"), JsonSerializer.Serialize(new { Node = options }));
    }
}
