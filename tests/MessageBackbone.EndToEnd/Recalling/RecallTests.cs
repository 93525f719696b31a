using System.Text.Json;
using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Recalling;

public sealed class RecallTests
{
    private const string Basis = "StPO 101/8";

    [Fact]
    public async Task What_was_recalled_is_kept_deleted_or_never_seen_over_a_kill_of_the_node_and_track_tells_which()
    {
        await using var house = await House.OpenAsync(null, null, "FR", "DE", "ES", "GB");
        await house.StartGatewayAsync("DE", options => options.RetainOpenedOn = Basis);
        await house.StartGatewaysAsync("FR", "ES");
        await house["DE"].AttendsAsync();
        var id = await house["FR"].SendAsync(new { to = new[] { "DE", "ES", "GB" }, text = "Bonjour", precedence = "flash" });
        await house["DE"].InboxHoldsAsync(1);
        await house["ES"].InboxHoldsAsync(1);
        await house["DE"].OpenAsync(id);
        await house["DE"].ReceiptedAsync();
        await house["ES"].ReceiptedAsync();

        // The order is on its way when the node is killed: accepted or not, carried out or not, it comes to the same.
        var ordered = await house.CommandAsync(["recall", id, "--reason", "SENT_IN_ERROR", .. GatewayOf(house)]);
        Assert.Contains($"{id} is recalled from DE, ES, GB", ordered, StringComparison.Ordinal);
        await house.Node.KillAsync();
        await house.StartNodeAsync();
        await house["FR"].InboxHoldsAsync(2);

        await TrackedAsync(house, id, "DE retained yes", "ES deleted no", "GB recalled_before_delivery no");
        var tracked = await house.CommandAsync(["track", id, .. GatewayOf(house)]);
        Assert.Contains($"states: retained ({Basis})", tracked, StringComparison.Ordinal);
        Assert.Contains("states: deleted", tracked, StringComparison.Ordinal);
        Assert.Contains("recalled before delivery", tracked, StringComparison.Ordinal);

        await house.StartGatewaysAsync("GB");
        await house["FR"].InboxHoldsAsync(3);
        await TrackedAsync(house, id, "DE retained yes", "ES deleted no", "GB not_held no");
        Assert.DoesNotContain(await house["GB"].InboxAsync(), message => message.MessageId == id);
        Assert.Single(await house["GB"].InboxAsync());
        Assert.Contains("statement.recall", await house.CommandAsync(["inbox", .. GatewayOf(house)]), StringComparison.Ordinal);
    }

    private static Task TrackedAsync(House house, string id, params string[] expected)
    {
        string[] seen = [];
        return house["FR"].UntilAsync(
            $"tells {string.Join(", ", expected)}",
            async () => (seen = [.. Recalled(await house.CommandAsync(["track", id, "--json", .. GatewayOf(house)]))]).SequenceEqual(expected),
            () => string.Join(", ", seen));
    }

    private static IEnumerable<string> Recalled(string json) => JsonDocument.Parse(json).RootElement.GetProperty("recall").EnumerateArray()
        .Select(r => $"{r.GetProperty("recipient")} {r.GetProperty("state")} {r.GetProperty("still_holds")}");

    private static string[] GatewayOf(House house) =>
    [
        "--as", "FR", "--gateway", house.Gateway("FR").Address.ToString(),
        "--gateway-cert", Path.Combine(house.GatewayFolder("FR"), "local-api.pem"),
        "--token", Path.Combine(house.GatewayFolder("FR"), "local-api.token"),
    ];
}
