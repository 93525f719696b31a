using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Tests.LocalApi;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Tests.Routing;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Carrying;

/// <summary>A message is recalled while it is on a stick: its sender must not be told that nobody has it.</summary>
public sealed class CarriedRecallTests
{
    [Fact]
    public async Task A_recalled_message_that_left_in_a_file_may_be_held_until_its_recipient_says()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE", "ES");
        var courier = await Courier.OfAsync(house);
        var france = await house.AttendAsync("FR");
        var germany = await Courier.WithoutLineAsync(house, "DE");
        await courier.ToBureauAsync(germany);
        using var fr = new LocalClient(france);
        var id = await france.SendAsync(new Draft { To = ["DE", "ES"], Text = "Bonjour" });
        await france.AcceptedAsync(id);
        var (stick, _) = await courier.FromNodeAsync("DE");

        Assert.Equal(202, (await fr.PostAsync($"/messages/{id}/recall", new { reason = "SENT_IN_ERROR" })).Status);
        await house.Node.UntilRecordedAsync("message.recall-ordered.v1");

        Assert.Equal(["DE asked_back unknown", "ES recalled_before_delivery no"], await HoldersAsync(fr, id.Value));
        // And so it is: the file is taken, and shows it.
        Assert.Equal(1ul, (await Courier.TakeAsync(germany, stick)).Taken);
        await courier.ToNodeAsync(germany);
        Assert.Equal("DE asked_back unknown", (await HoldersAsync(fr, id.Value))[0]);
        await courier.ToBureauAsync(germany);
        await courier.ToNodeAsync(germany);
        await france.SeesAsync<GatewayEvent.Received>(r => r.From.Value == "DE" && r.Outcome == DeliveryOutcome.Delivered);
        await Eventually.TrueAsync("its statement is read", async () => (await HoldersAsync(fr, id.Value))[0] == "DE deleted no");
    }

    private static async Task<List<string>> HoldersAsync(LocalClient program, string id) =>
        (await program.GetAsync($"/messages/{id}")).Json.GetProperty("recall").EnumerateArray()
            .Select(r => $"{r.GetProperty("recipient").GetString()} {r.GetProperty("state").GetString()} {r.GetProperty("still_holds").GetString()}").ToList();
}
