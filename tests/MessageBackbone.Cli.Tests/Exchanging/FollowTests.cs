using System.Text.Json;

namespace MessageBackbone.Cli.Tests.Exchanging;

public sealed class FollowTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>
{
    [Fact]
    public async Task Following_prints_what_is_there_and_then_what_comes_until_it_is_stopped()
    {
        var before = await house.SendAsync("FR", "DE", "--kind", "followed", "--text", "x");
        await using var run = new FollowedRun(house.Environment(), "inbox", "--as", "DE", "--kind", "followed", "--follow");
        Assert.Contains(before, await run.NextLineAsync());

        await house.SendAsync("FR", "DE", "--kind", "other", "--text", "x");
        var first = await house.SendAsync("FR", "DE", "--kind", "followed", "--precedence", "flash", "--text", "x");
        var second = await house.SendAsync("ES", "DE", "--kind", "followed", "--exercise", "--text", "x");

        Assert.Matches($"{first}  FR +flash +followed$", await run.NextLineAsync());
        Assert.Matches($"{second}  ES +routine +followed exercise$", await run.NextLineAsync());
        Assert.Equal(0, await run.StopAsync());
    }

    [Fact]
    public async Task As_json_each_message_is_one_line()
    {
        await using var run = new FollowedRun(house.Environment(), "inbox", "--as", "DE", "--kind", "as-json", "--follow", "--json");

        var id = await house.SendAsync("FR", "DE", "--kind", "as-json", "--text", "x");

        Assert.Equal(id, JsonDocument.Parse(await run.NextLineAsync()).RootElement.GetProperty("message_id").GetString());
    }

    [Fact]
    public async Task Following_goes_on_over_a_restart_of_the_gateway()
    {
        var before = await house.SendAsync("FR", "ES", "--kind", "restart", "--text", "x");
        await using var run = new FollowedRun(house.Environment(), "inbox", "--as", "ES", "--kind", "restart", "--follow");
        Assert.Contains(before, await run.NextLineAsync());

        var port = house["ES"].LocalAddress.Port;
        await house.StopGatewayAsync("ES");
        Assert.Contains("Asking again in 1 s", await run.NextNoteAsync());
        await house.StartGatewayAsync("ES", port);
        var after = await house.SendAsync("FR", "ES", "--kind", "restart", "--text", "x");

        Assert.Contains(after, await run.NextLineAsync());
    }
}
