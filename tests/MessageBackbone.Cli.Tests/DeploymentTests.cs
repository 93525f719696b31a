using System.Text.RegularExpressions;
using System.Xml.Linq;
using MessageBackbone.Gateway;
using MessageBackbone.Node.Hosting;

namespace MessageBackbone.Cli.Tests;

public sealed partial class DeploymentTests
{
    private static readonly string[] Hardening =
    [
        "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes", "CapabilityBoundingSet=",
            "RestrictSUIDSGID=yes",
        "RestrictNamespaces=yes", "SystemCallFilter=@system-service", "UMask=0077", "LimitCORE=0", "Restart=on-failure", "Type=notify",
            "DynamicUser=yes",
    ];

    public static TheoryData<string> Units() => [.. Repository.Files("deploy/systemd", "*.service")];

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_is_hardened_and_gets_its_keys_from_systemd(string unit)
    {
        var lines = Repository.Lines(unit).Select(l => l.Trim()).Where(l => l.Length > 0 && !l.StartsWith('#')).ToList();

        Assert.Empty(Hardening.Except(lines));
        Assert.All(lines, l => Assert.Matches(@"^\[[A-Z][A-Za-z]+\]$|^[A-Z][A-Za-z]+=", l));
        Assert.Contains(lines, l => l.StartsWith("StateDirectory=", StringComparison.Ordinal));
        var keys = lines.Where(l => l.StartsWith("LoadCredential=", StringComparison.Ordinal))
            .Select(l => l["LoadCredential=".Length..].Split(':')[0]).ToList();
        string[] expected = unit.Contains("gateway") ? ["tls.pem", "tls.key", "sign.pem", "sign.key", "seal.pem", "seal.key"]
            : ["tls.pem", "tls.key", "sign.pem", "sign.key"];
        Assert.Equal(expected, keys);
        Assert.Contains(lines, l => Regex.IsMatch(l, @"^Environment=MESSAGEBACKBONE_(Node|Gateway)__HolderFolder=%d$"));
    }

    [Theory]
    [MemberData(nameof(Units))]
    public async Task Systemd_finds_nothing_wrong_with_a_unit_where_systemd_is_there(string unit)
    {
        if (!File.Exists("/usr/bin/systemd-analyze")) return; // the parsing above is then the only check
        using var folder = new TempFolder();
        // The program of the unit is not installed here; systemd would complain of that alone.
        var copy = folder.Write(Path.GetFileName(unit), Repository.Text(unit)
            .Replace("/opt/messagebackbone/backbone", "/bin/true", StringComparison.Ordinal));

        var (code, text) = await Tool.TryAsync("/usr/bin/systemd-analyze", "verify", "--man=no", copy);

        Assert.True(code == 0, text);
        Assert.DoesNotContain(Path.GetFileName(unit), text);
    }

    [Fact]
    public void The_production_configurations_are_read_and_hold_every_setting_that_is_needed()
    {
        var node = NodeConfiguration.Load(Path.Combine(Repository.Root, "deploy", "config", "node.json"));
        var gateway = GatewayConfiguration.Load(Path.Combine(Repository.Root, "deploy", "config", "gateway-FR.json"));

        node.Validate();
        gateway.Validate();
        Assert.Equal("FR", gateway.Bureau);
    }

    [Fact]
    public void Every_package_has_its_reason()
    {
        var page = Repository.Text("src", "decisions", "0003-packages.md");
        var missing = XDocument.Parse(Repository.Text("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(p => p.Attribute("Include")!.Value)
            .Where(name => !page.Contains(name, StringComparison.Ordinal) && !page.Contains(Shortened(name), StringComparison.Ordinal));
        Assert.Empty(missing);
    }

    [Fact]
    public void Decisions_are_numbered_once_and_dated()
    {
        var files = Repository.Files("src/decisions", "*.md").Select(p => Path.GetFileName(p)!).Where(n => n != "README.md").ToList();
        Assert.All(files, n => Assert.Matches(@"^\d{4}-[a-z0-9-]+\.md$", n));
        Assert.Empty(files.GroupBy(n => n[..4], StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key));
        Assert.All(files, n => Assert.Matches(DateAndStatus(), Repository.Text("src", "decisions", n)));
    }

    private static string Shortened(string name) => name.StartsWith("OpenTelemetry", StringComparison.Ordinal) ? name["OpenTelemetry".Length..]
        : name;

    [GeneratedRegex(@"20\d\d-\d\d-\d\d[\s\S]*\b(?:Proposed|Accepted|Partly implemented|Superseded)\b",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex DateAndStatus();
}
