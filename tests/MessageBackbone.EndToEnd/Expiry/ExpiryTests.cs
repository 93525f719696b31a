using MessageBackbone.EndToEnd.Processes;

namespace MessageBackbone.EndToEnd.Expiry;

public sealed class ExpiryTests
{
    [Fact]
    public async Task What_a_bureau_never_fetches_expires_and_its_sender_reads_so_in_track_and_inbox()
    {
        await using var house = await House.OpenAsync(null, null, "FR", "DE");
        await house.StartGatewaysAsync("FR");
        var id = await house["FR"].SendAsync(new
        {
            to = new[] { "DE" },
            text = "Bonjour",
            precedence = "flash",
            deliver_by = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(10),
        });
        await house["FR"].AnsweredAsync();
        await house.Node.KillAsync();
        await house.StartNodeAsync();

        var report = Assert.Single(await house["FR"].InboxHoldsAsync(1));

        Assert.Equal("flash", report.Precedence);
        await house["FR"].ReceiptedAsync();
        string[] gateway =
        [
            "--as", "FR", "--gateway", house.Gateway("FR").Address.ToString(),
            "--gateway-cert", Path.Combine(house.GatewayFolder("FR"), "local-api.pem"),
            "--token", Path.Combine(house.GatewayFolder("FR"), "local-api.token"),
        ];
        var tracked = await house.CommandAsync(["track", id, .. gateway]);
        Assert.Contains("expired", tracked, StringComparison.Ordinal);
        Assert.Contains("Not delivered to DE: EXPIRED", tracked, StringComparison.Ordinal);
        Assert.Contains("report.nondelivery", await house.CommandAsync(["inbox", .. gateway]), StringComparison.Ordinal);
        var opened = await house.CommandAsync(["inbox", "open", report.MessageId, .. gateway]);
        Assert.Contains($"Your message {id} was not delivered to DE", opened, StringComparison.Ordinal);
    }
}
