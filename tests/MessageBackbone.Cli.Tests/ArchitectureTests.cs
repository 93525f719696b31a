using System.Text.RegularExpressions;

namespace MessageBackbone.Cli.Tests;

/// <summary>The house of architecture.md: what may know what, and what may lie where.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Project → the projects that it may name. What a reference brings along transitively is not listed again.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["MessageBackbone.Grpc"] = [],
        ["MessageBackbone.Grpc.Services"] = [],
        ["MessageBackbone.Protocol"] = [],
        ["MessageBackbone.Domain"] = ["MessageBackbone.Protocol"],
        ["MessageBackbone.EventLog"] = ["MessageBackbone.Domain", "MessageBackbone.Protocol"],
        ["MessageBackbone.Node"] = ["MessageBackbone.EventLog", "MessageBackbone.Domain", "MessageBackbone.Protocol"],
        ["MessageBackbone.Gateway"] = ["MessageBackbone.Protocol"],
        ["MessageBackbone.Cli"] = ["MessageBackbone.Gateway", "MessageBackbone.Node", "MessageBackbone.Protocol"],
    };

    /// <summary>A room of the node uses the log, the domain, the read models and these; never another room's insides.</summary>
    private static readonly Dictionary<string, string[]> SharedRooms = new(StringComparer.Ordinal)
    {
        ["Hosting"] = ["it starts and configures every room"],
        ["Accepting"] = ["the caller and the one table of refusals, which every service answers with"],
        ["Recording"] = ["the one way to append"],
        ["Directory"] = ["who is who, asked by every room"],
        ["Content"] = ["the sealed bodies: stored by accepting, handed out by delivering"],
        ["Routing"] = ["the plan, from which delivering works"],
        ["Projecting"] = ["the read models"],
        ["Telemetry"] = ["measures of all rooms"],
        ["Delivering"] = ["presenting and receipts: a file does both as a stream does"],
        ["Carrying"] = ["files from and to bureaus without a line, ordered by operators"],
        ["Operations"] = ["what operators see and order: by gRPC and in the dashboard"],
        ["Auditing"] = ["the reading of history, which is recorded: by gRPC and in the dashboard"],
    };

    [Fact]
    public void The_top_level_is_exactly_the_agreed_one()
    {
        var allowed = new[] { "src", "tests", "deploy", "protos", "MessageBackbone.sln", "README.md", "global.json" };
        var found = Directory.GetFileSystemEntries(Repository.Root).Select(p => Path.GetFileName(p)!)
            .Where(n => !n.StartsWith('.') && !n.StartsWith("Directory.", StringComparison.Ordinal) && !allowed.Contains(n));
        Assert.Empty(found);
    }

    [Fact]
    public void References_between_projects_point_one_way()
    {
        var offences = new List<string>();
        foreach (var path in Repository.Files("src", "*.csproj"))
        {
            var name = Path.GetFileNameWithoutExtension(path);
            Assert.True(Allowed.TryGetValue(name, out var allowed), $"{name} is new: give it a place in architecture.md and here.");
            offences.AddRange(Repository.References(path).Where(r => !allowed.Contains(r)).Select(r => $"{name} → {r}"));
        }
        Assert.Empty(offences);
    }

    [Fact]
    public void The_grpc_stack_knows_nothing_of_the_backbone()
    {
        var offences = Repository.Files("src/MessageBackbone.Grpc", "*.cs")
            .Where(p => Namespaces().IsMatch(Repository.Text(p)));
        Assert.Empty(offences);
    }

    [Fact]
    public void The_protocol_opens_no_connection_and_no_file()
    {
        var offences = Repository.Files("src/MessageBackbone.Protocol", "*.cs")
            .Where(p => ConnectionsAndFiles().IsMatch(Repository.Text(p)));
        Assert.Empty(offences);
    }

    [Fact]
    public void The_domain_reads_no_clock_no_chance_and_no_file()
    {
        var offences = Repository.Files("src/MessageBackbone.Domain", "*.cs")
            .Where(p => ClockChanceFile().IsMatch(Repository.Text(p)));
        Assert.Empty(offences);
    }

    [Fact]
    public void A_room_of_the_node_uses_no_other_rooms_insides()
    {
        var offences = new List<string>();
        foreach (var path in Repository.Files("src/MessageBackbone.Node", "*.cs").Concat(Repository.Files("src/MessageBackbone.Node", "*.razor")))
        {
            var room = path.Split('/')[2];
            if (room is "Hosting" || room.EndsWith(".cs", StringComparison.Ordinal)) continue;
            var used = NodeRoom().Matches(Repository.Text(path)).Select(m => m.Groups[1].Value).Distinct(StringComparer.Ordinal);
            offences.AddRange(used.Where(u => u != room && !SharedRooms.ContainsKey(u)).Select(u => $"{path} uses {u}"));
        }
        Assert.Empty(offences);
    }

    [Fact]
    public void An_interface_has_two_implementations_or_is_a_port()
    {
        // Ports: a second adapter is a part of its own (architecture.md, "Ports: where an engine can be changed").
        // IFollower is what a host starts and stops: the plan and every projection.
        // ILaneAttachment is what a transport lends out; its endpoints are generic over the transport's own context.
        string[] ports = ["IEventLog", "IFollower", "ILaneAttachment"];
        var sources = Repository.Files("src", "*.cs").Where(p => !p.StartsWith("src/MessageBackbone.Grpc/", StringComparison.Ordinal))
            .Select(p => Repository.Text(p)).ToList();
        var all = string.Join('\n', sources);
        var offences = sources.SelectMany(s => InterfaceDeclaration().Matches(s)).Select(m => m.Groups[1].Value)
            .Where(name => !ports.Contains(name) && Regex.Count(all, $@"[:,]\s*{name}\b(?!\s*\?)", RegexOptions.None, TimeSpan.FromSeconds(10)) < 2);
        Assert.Empty(offences);
    }

    [GeneratedRegex(@"MessageBackbone\.(V1|Protocol|Domain|EventLog|Node|Gateway|Cli)\b")]
    private static partial Regex Namespaces();

    [GeneratedRegex(@"\b(HttpClient|Socket|TcpClient|GrpcChannel|File\.|FileStream|Directory\.(Enumerate|Get|Create)|Process\.)")]
    private static partial Regex ConnectionsAndFiles();

    [GeneratedRegex(@"\b(TimeProvider|DateTime(Offset)?\.(Utc)?Now|Guid\.(NewGuid|CreateVersion7)|Random\b|RandomNumberGenerator|File\.|HttpClient|Task\b)")]
    private static partial Regex ClockChanceFile();

    [GeneratedRegex(@"using (?:static )?MessageBackbone\.Node\.([A-Za-z]+)")]
    private static partial Regex NodeRoom();

    [GeneratedRegex(@"\binterface (I[A-Z]\w+)")]
    private static partial Regex InterfaceDeclaration();
}
