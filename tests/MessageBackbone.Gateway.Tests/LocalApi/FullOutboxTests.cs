using MessageBackbone.Gateway.Tests.Running;

namespace MessageBackbone.Gateway.Tests.LocalApi;

/// <summary>A gateway that cannot reach the node takes messages up to its bound, and says where it stands.</summary>
public sealed class FullOutboxTests
{
    [Fact]
    public async Task Without_a_node_messages_are_taken_up_to_the_bound_then_refused_and_told_everywhere()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        await (await house.AttendAsync("FR")).DisposeAsync();
        var france = await house.StartAsync("FR", o => (o.OutboxMessages, o.OutboxFlashReserve) = (2, 1), new Uri("https://127.0.0.1:1"));
        await france.SeesAsync<GatewayEvent.Attendance>(a => !a.Attending);
        using var client = new LocalClient(france);

        for (var i = 0; i < 2; i++) Assert.Equal(202, (await SendAsync(client, "immediate")).Status);
        var refused = await SendAsync(client, "immediate");

        Assert.Equal((503, "OUTBOX_FULL"), (refused.Status, refused.Reason));
        Assert.Equal(202, (await SendAsync(client, "flash")).Status);
        Assert.Equal("OUTBOX_FULL", (await SendAsync(client, "flash")).Reason);
        var outbox = (await client.GetAsync("/status")).Json.GetProperty("outbox");
        Assert.Equal((3, 2), (outbox.GetProperty("waiting").GetInt32(), outbox.GetProperty("most_messages").GetInt32()));
        var ready = await client.GetAsync("/health/ready");
        Assert.Equal((503, false), (ready.Status, ready.Json.GetProperty("checks").GetProperty("outbox").GetBoolean()));
    }

    private static Task<LocalAnswer> SendAsync(LocalClient client, string precedence) => client.PostAsync("/messages", new { to = new[] { "DE" }, text = "Bonjour", precedence });
}
