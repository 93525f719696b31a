using System.Text.Json;
using System.Text.Json.Serialization;
using MessageBackbone.Cli.Invoking;

namespace MessageBackbone.Cli.Addresses;

/// <summary>DATA/demo.json: where a demo's parts listen, so that the other commands find them. Paths are absolute.</summary>
internal sealed record DemoFile
{
    public const string FileName = "demo.json";

    public required Uri Node { get; init; }

    public required string Pki { get; init; }

    public required IReadOnlyDictionary<string, DemoGateway> Gateways { get; init; }

    public required string Transport { get; init; }

    public string? Rabbitmq { get; init; }

    public int ProcessId { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Set when the demo went down in order: its addresses lead nowhere.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    [JsonIgnore] public bool Running => StoppedAt is null;

    public static DemoFile? Read(string dataFolder)
    {
        var path = Path.Combine(dataFolder, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<DemoFile>(File.ReadAllText(path), Format);
        }
        catch (JsonException broken)
        {
            throw new CommandFailure($"{path} cannot be read ({broken.Message}).", "Remove it, or give --node, --gateway and --pki.");
        }
    }

    public void Write(string dataFolder)
    {
        var path = Path.Combine(dataFolder, FileName);
        var fresh = path + ".new";
        File.WriteAllText(fresh, JsonSerializer.Serialize(this, Format) + "\n");
        File.Move(fresh, path, overwrite: true);
    }

    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };
}

/// <summary>One gateway's local API: its address, the file with its bearer token, and the certificate that it shows.</summary>
internal sealed record DemoGateway(Uri Address, string Token, string Certificate);
