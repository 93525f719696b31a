using MessageBackbone.EndToEnd.Processes;
using MessageBackbone.Fixtures;

namespace MessageBackbone.EndToEnd.Killing;

public sealed class GatewayKilledTests(RabbitMqFixture rabbit) : IClassFixture<RabbitMqFixture>
{
    [Fact]
    public async Task A_gateway_killed_after_it_kept_a_message_and_before_its_receipt_shows_it_once()
    {
        await using var house = await House.OpenAsync(rabbit.Address, null, "FR", "DE");
        await house.StartGatewaysAsync("FR", "DE");
        var sent = new Sent(house);
        await sent.SendAsync("FR", ["DE"], 1);
        await sent.AssertArrivedAsync("DE");
        await HoldReceiptsBackAsync(house, sent);

        await house.Gateway("DE").KillAsync();
        await house.Node.ResumeAsync();
        await house.StartGatewaysAsync("DE");

        await house["FR"].AnsweredAsync();
        await sent.AssertArrivedAsync("DE");
    }

    [Fact]
    public async Task A_gateway_killed_in_the_middle_of_its_deliveries_gets_the_rest_and_shows_each_once()
    {
        await using var house = await House.OpenAsync(rabbit.Address, null, "ES", "GB");
        await house.StartGatewaysAsync("ES", "GB");
        var sent = new Sent(house);
        for (var round = 0; round < 3; round++)
        {
            var sending = sent.SendAsync("ES", ["GB"], 80);
            await house["GB"].InboxHoldsAsync((round * 80) + 5);
            await house.Gateway("GB").KillAsync();
            await sending;
            await house.StartGatewayAsync("GB");
        }

        await house["ES"].AnsweredAsync();
        await sent.AssertArrivedAsync("GB");
    }

    [Fact]
    public async Task What_a_gateway_took_from_its_officers_before_it_was_killed_is_sent_after_its_restart()
    {
        await using var house = await House.OpenAsync(rabbit.Address, null, "FR", "JP");
        await house.StartGatewaysAsync("FR", "JP");
        var sent = new Sent(house);
        await house.Node.SuspendAsync();
        await sent.SendAsync("FR", ["JP"], 20);

        await house.Gateway("FR").KillAsync();
        await house.Node.ResumeAsync();
        await house.StartGatewaysAsync("FR");

        await house["FR"].AnsweredAsync();
        await sent.AssertArrivedAsync("JP");
    }

    // The node is held still while the gateway has deliveries whose receipts it cannot hand over: so it is killed in exactly that state.
    private static async Task HoldReceiptsBackAsync(House house, Sent sent)
    {
        for (var round = 0; round < 20; round++)
        {
            await sent.SendAsync("FR", ["DE"], 20);
            await house["DE"].InboxHoldsAsync(sent.CountFor("DE") - 15);
            await house.Node.SuspendAsync();
            if (await house["DE"].ReceiptsToSendAsync() > 0) return;
            await house.Node.ResumeAsync();
        }
        Assert.Fail("The gateway never kept a message whose receipt was not recorded.");
    }
}
