using MessageBackbone.EndToEnd.Processes;
using MessageBackbone.Fixtures;

namespace MessageBackbone.EndToEnd.Killing;

public sealed class NodeKilledTests(RabbitMqFixture rabbit) : IClassFixture<RabbitMqFixture>
{
    [Fact]
    public async Task What_a_node_accepted_before_it_was_killed_is_delivered_after_its_restart()
    {
        await using var house = await House.OpenAsync(rabbit.Address, null, "FR", "DE", "ES");
        await house.StartGatewaysAsync("FR");
        var sent = new Sent(house);
        await sent.SendAsync("FR", ["DE", "ES"], 40);
        await house["FR"].AnsweredAsync();

        await house.Node.KillAsync();
        await house.StartNodeAsync();
        await house.StartGatewaysAsync("DE", "ES");

        await sent.AssertArrivedAsync("DE");
        await sent.AssertArrivedAsync("ES");
    }

    [Fact]
    public async Task A_node_that_is_killed_again_and_again_under_load_loses_nothing_and_shows_nothing_twice()
    {
        await using var house = await House.OpenAsync(rabbit.Address, null, "GB", "JP");
        await house.StartGatewaysAsync("GB", "JP");
        var sent = new Sent(house);
        for (var round = 0; round < 4; round++)
        {
            var sending = sent.SendAsync("GB", ["JP"], 60);
            await house["JP"].InboxHoldsAsync((round * 60) + 10);
            await house.Node.KillAsync();
            await house.StartNodeAsync();
            await sending;
        }

        await house["GB"].AnsweredAsync();
        await sent.AssertArrivedAsync("JP");
    }

    [Fact]
    public async Task A_node_in_memory_that_was_killed_delivers_what_it_accepted()
    {
        await using var house = await House.OpenAsync(null, null, "FR", "DE");
        await house.StartGatewaysAsync("FR");
        var sent = new Sent(house);
        await sent.SendAsync("FR", ["DE"], 40);
        await house["FR"].AnsweredAsync();

        await house.Node.KillAsync();
        await house.StartNodeAsync();
        await house.StartGatewaysAsync("DE");

        await sent.AssertArrivedAsync("DE");
    }
}
