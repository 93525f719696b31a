using System.Text.RegularExpressions;

namespace MessageBackbone.Cli.Tests;

/// <summary>What the event log promises rests on these settings of its server; a compose file without one of them would still start.</summary>
public sealed partial class EventStoreDbDeploymentTests
{
    private const string Folder = "deploy/eventstoredb";

    private static readonly string[] Settings =
    [
        "EVENTSTORE_MAX_APPEND_SIZE: \"16000000\"", "EVENTSTORE_RUN_PROJECTIONS: None", "EVENTSTORE_ENABLE_ATOM_PUB_OVER_HTTP: \"false\"",
        "EVENTSTORE_ALLOW_ANONYMOUS_STREAM_ACCESS: \"false\"", "EVENTSTORE_ALLOW_ANONYMOUS_ENDPOINT_ACCESS: \"false\"", "EVENTSTORE_TELEMETRY_OPTOUT: \"true\"",
        "EVENTSTORE_CERTIFICATE_FILE: /etc/eventstore/certs/node/node.crt", "EVENTSTORE_TRUSTED_ROOT_CERTIFICATES_PATH: /etc/eventstore/certs/ca",
        "network_mode: host",
    ];

    // Each would weaken what an append's answer means, or who may read.
    private static readonly string[] Never =
    [
        "INSECURE", "UNSAFE", "MEM_DB", "SKIP_DB_VERIFY", "EVENTSTORE_DEV", "PASSWORD:", "MAX_TRUNCATION", "EXTERNAL_TCP", "ports:", "0.0.0.0",
    ];

    public static TheoryData<string> ComposeFiles() => [.. Repository.Files(Folder, "compose.*.yaml")];

    [Fact]
    public void There_is_one_for_one_node_and_one_for_three() =>
        Assert.Equal([$"{Folder}/compose.one.yaml", $"{Folder}/compose.three.yaml"], Repository.Files(Folder, "compose.*.yaml"));

    [Theory]
    [MemberData(nameof(ComposeFiles))]
    public void It_names_every_setting_that_matters_and_none_that_weakens(string file)
    {
        var lines = Effective(file);

        Assert.Empty(Settings.Except(lines));
        Assert.DoesNotContain(lines, l => Never.Any(word => l.Contains(word, StringComparison.OrdinalIgnoreCase)));
    }

    [Theory]
    [MemberData(nameof(ComposeFiles))]
    public void Its_image_is_pinned(string file) =>
        Assert.All(Effective(file).Where(l => l.StartsWith("image:", StringComparison.Ordinal)), l => Assert.Matches(@"^image: eventstore/eventstore:\d+\.\d+\.\d+-[a-z-]+$", l));

    [Theory]
    [InlineData("compose.one.yaml", "127.0.0.1")]
    [InlineData("compose.three.yaml", "${ES_IP:?")]
    public void It_listens_on_loopback_or_on_the_address_that_was_named_for_it(string file, string address)
    {
        var binds = Effective($"{Folder}/{file}").Where(l => Bind().IsMatch(l)).ToList();

        Assert.Equal(2, binds.Count);
        Assert.All(binds, l => Assert.StartsWith(address, Bind().Replace(l, ""), StringComparison.Ordinal));
    }

    [Fact]
    public void Three_nodes_find_each_other_by_name_and_know_each_other_by_their_certificates()
    {
        var lines = Effective($"{Folder}/compose.three.yaml");

        Assert.Contains("EVENTSTORE_CLUSTER_SIZE: \"3\"", lines);
        Assert.Contains("EVENTSTORE_DISCOVER_VIA_DNS: \"false\"", lines);
        Assert.Contains("EVENTSTORE_CERTIFICATE_RESERVED_NODE_COMMON_NAME: eventstoredb-node", lines);
        Assert.Contains(lines, l => l.StartsWith("EVENTSTORE_GOSSIP_SEED: ${ES_SEEDS:?", StringComparison.Ordinal));
        Assert.Contains("/CN=eventstoredb-node", Repository.Text("deploy", "eventstoredb", "certificates.sh"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_is_on_no_command_line_of_the_scripts()
    {
        foreach (var script in Repository.Files(Folder, "*.sh"))
        {
            var text = Repository.Text(script);
            Assert.StartsWith("#!/usr/bin/env bash\n", text, StringComparison.Ordinal);
            Assert.Contains("set -euo pipefail", text, StringComparison.Ordinal);
            Assert.DoesNotMatch(@"curl\b[^\n]*\s(-u|--user|-k|--insecure)\b", text);
        }
    }

    private static List<string> Effective(string file) =>
        [.. Repository.Lines(file).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#').Select(l => l.StartsWith("- ", StringComparison.Ordinal) ? l[2..] : l)];

    [GeneratedRegex("^EVENTSTORE_(NODE|REPLICATION)_IP: ")]
    private static partial Regex Bind();
}
