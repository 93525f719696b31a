using MessageBackbone.EndToEnd.Processes;
using MessageBackbone.Fixtures;

namespace MessageBackbone.EndToEnd.Killing;

public sealed class BrokerKilledTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broker_that_was_killed_loses_nothing_also_with_its_data_wiped_and_a_bureau_never_attended(bool wiped)
    {
        await using var own = await RabbitMqFixture.StartOwnAsync(Cancel);
        await using var house = await House.OpenAsync(own.Broker.Address, null, "FR", "DE", "ES");
        await house.StartGatewaysAsync("FR", "DE");
        var sent = new Sent(house);
        // ES has never attended when the broker goes.
        await sent.SendAsync("FR", ["DE", "ES"], 40);
        await house["DE"].InboxHoldsAsync(10);

        await own.Broker.KillAsync();
        await sent.SendAsync("FR", ["DE", "ES"], 20);
        await house["FR"].AnsweredAsync();
        if (wiped) own.Broker.Wipe();
        await own.Broker.StartAgainAsync(Cancel);
        await sent.AssertArrivedAsync("DE");
        await house.StartGatewaysAsync("ES");

        await sent.AssertArrivedAsync("ES");
    }
}
