using System.Text.Json;
using MessageBackbone.Cli.Tests.Exchanging;

namespace MessageBackbone.Cli.Tests.DirectoryActs;

/// <summary>The secretariat's commands against a real node: what is ordered is listed, and holds for who sends next.</summary>
public sealed class DirectoryCommandTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>
{
    [Fact]
    public async Task A_bureau_is_registered_and_listed_and_once_closed_it_takes_no_part_any_more()
    {
        await house.SucceedAsync("pki", "issue", "GB");
        await house.SucceedAsync("directory", "register", "GB", "--name", "Central bureau, Manchester", "--highest", "restricted");
        await house.SucceedAsync("pki", "enrol", "GB");
        var before = Find(await ListAsync(), "bureaus", "code", "GB");
        await house.SucceedAsync("directory", "list", "--as", "GB");

        var closed = await house.SucceedAsync("directory", "close", "GB", "--reason", "REORGANISED");

        Assert.Equal(("Central bureau, Manchester", "restricted"), (Text(before, "name"), Text(before, "highest_classification")));
        Assert.False(before.GetProperty("closed").GetBoolean());
        Assert.Matches(@"\AGB is closed at [1-9][0-9]*\.\n\z", closed.Output);
        Assert.True(Find(await ListAsync(), "bureaus", "code", "GB").GetProperty("closed").GetBoolean());
        Assert.Matches(@"GB +Central bureau, Manchester .*closed", (await house.SucceedAsync("directory", "list")).Output);
        var asked = await house.RunAsync("directory", "list", "--as", "GB");
        Assert.Equal((1, ""), (asked.ExitCode, asked.Output));
        Assert.StartsWith("backbone: UNKNOWN_BUREAU: ", asked.Error, StringComparison.Ordinal);
        // It is closed for good.
        Assert.Equal(1, (await house.RunAsync("directory", "register", "GB")).ExitCode);
    }

    [Fact]
    public async Task The_exchange_policy_of_a_file_is_listed_and_in_force_until_another_replaces_it()
    {
        var denying = house.Folder.Write("deny.json", """
            { "rules": [{ "from": "FR", "to": "ES", "kinds": ["text"], "effect": "deny" }], "clear_kinds": ["alert.cap"] }
            """);
        var open = house.Folder.Write("open.json", """{ "clear_kinds": [] }""");

        var set = await house.SucceedAsync("directory", "policy", denying);
        var listed = await ListAsync();
        var denied = await house.RunAsync("send", "--as", "FR", "--to", "ES", "--text", "x", "--wait");
        await house.SucceedAsync("directory", "policy", open);

        Assert.Matches(@"\AThe policy of 1 rules is in force at [1-9][0-9]*\.\n\z", set.Output);
        Assert.Equal(1, denied.ExitCode);
        Assert.Contains("EXCHANGE_NOT_PERMITTED", denied.Error, StringComparison.Ordinal);
        var rule = Find(listed, "rules", "from", "FR");
        Assert.Equal(("ES", "deny"), (Text(rule, "to"), Text(rule, "effect")));
        Assert.Equal("text", Assert.Single(rule.GetProperty("kinds").EnumerateArray()).GetString());
        Assert.Equal("alert.cap", Assert.Single(listed.GetProperty("clear_kinds").EnumerateArray()).GetString());
        Assert.Empty((await ListAsync()).GetProperty("rules").EnumerateArray());
        await house.SendAsync("FR", "ES", "--text", "x");
    }

    [Fact]
    public async Task A_policy_with_a_misspelt_key_changes_nothing()
    {
        var before = await ListAsync();
        var file = house.Folder.Write("misspelt.json", """
            { "rules": [{ "from": "FR", "to": "*", "kind": ["text"], "effect": "deny" }], "clear_kinds": [] }
            """);

        var run = await house.RunAsync("directory", "policy", file);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("'kind'", run.Error, StringComparison.Ordinal);
        Assert.Equal(before.GetProperty("rules").ToString(), (await ListAsync()).GetProperty("rules").ToString());
    }

    [Fact]
    public async Task A_topic_is_opened_listed_with_its_subscribers_and_opened_wider()
    {
        await house.SucceedAsync("directory", "topic", "border.alerts", "--allow", "FR,DE");
        await house.SucceedAsync("subscribe", "border.alerts", "--as", "DE");
        var narrow = Find(await ListAsync(), "topics", "topic", "border.alerts");

        var wider = await house.SucceedAsync("directory", "topic", "border.alerts");

        Assert.Equal(["DE", "FR"], narrow.GetProperty("allowed").EnumerateArray().Select(b => b.GetString()).Order());
        Assert.Equal("DE", Assert.Single(narrow.GetProperty("subscribers").EnumerateArray()).GetString());
        Assert.StartsWith("Topic border.alerts is open for every bureau at ", wider.Output, StringComparison.Ordinal);
        Assert.Empty(Find(await ListAsync(), "topics", "topic", "border.alerts").GetProperty("allowed").EnumerateArray());
    }

    private async Task<JsonElement> ListAsync() => JsonDocument.Parse((await house.SucceedAsync("directory", "list", "--json")).Output).RootElement;

    private static JsonElement Find(JsonElement listing, string list, string key, string value) =>
        listing.GetProperty(list).EnumerateArray().Single(item => Text(item, key) == value);

    private static string Text(JsonElement item, string name) => item.GetProperty(name).GetString()!;
}
