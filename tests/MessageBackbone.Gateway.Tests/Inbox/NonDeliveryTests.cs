using System.Text.Json;
using MessageBackbone.Gateway.Tests.LocalApi;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Inbox;

public sealed class NonDeliveryTests
{
    private static readonly TimeSpan _hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task The_report_is_received_read_in_words_receipted_and_marks_the_sent_message_also_without_a_node()
    {
        await using var house = await GatewayHouse.OpenAsync(o => o.Delivering.DeadlinesLookedAtEvery = TimeSpan.FromMilliseconds(50), "FR", "DE");
        var france = await house.AttendAsync("FR");
        using var fr = new LocalClient(france);
        var id = await SendAsync(house, france, fr);
        Assert.Empty(NotDelivered(await fr.GetAsync($"/messages/{id}")));

        house.Node.Clock.Advance(_hour);
        var report = (await france.SeesAsync<GatewayEvent.Received>()).Message.Value;
        await france.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message.Value == report && r.Outcome == DeliveryOutcome.Delivered);

        var listed = Assert.Single((await fr.GetAsync("/inbox")).Json.GetProperty("messages").EnumerateArray());
        Assert.Equal(
            ("report.nondelivery", "immediate", "FR-7"),
            (Text(listed, "kind"), Text(listed, "precedence"), Text(listed, "reference")));
        var opened = await fr.PostAsync($"/inbox/{report}/open", new { officer = "o-1" });
        Assert.Equal("Not delivered to DE", opened["subject"]);
        Assert.Contains($"Your message {id} (your reference FR-7) was not delivered to DE", opened["text"], StringComparison.Ordinal);
        Assert.NotEmpty(opened.Json.GetProperty("file").GetProperty("data").GetBytesFromBase64());
        var status = await fr.GetAsync($"/messages/{id}");
        var recipient = Assert.Single(status.Json.GetProperty("tracking").GetProperty("recipients").EnumerateArray());
        Assert.Equal("expired", Text(recipient, "state"));

        await house.Node.StopAsync();
        var alone = await fr.GetAsync($"/messages/{id}");
        Assert.NotEqual("", alone["node_problem"]);
        var said = Assert.Single(NotDelivered(alone));
        Assert.Equal(("DE", "EXPIRED", report), (Text(said, "recipient"), Text(said, "reason"), Text(said, "report_id")));
    }

    [Fact]
    public async Task That_the_recipient_was_closed_is_told_in_words()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var france = await house.AttendAsync("FR");
        using var fr = new LocalClient(france);
        var id = await SendAsync(house, france, fr);

        await house.Node.CloseAsync("DE");
        var report = (await france.SeesAsync<GatewayEvent.Received>()).Message.Value;

        var text = (await fr.PostAsync($"/inbox/{report}/open", new { officer = "o-1" }))["text"];
        Assert.Contains("the bureau was closed for good", text, StringComparison.Ordinal);
        Assert.DoesNotContain("send it anew", text, StringComparison.Ordinal);
        var recipient = Assert.Single((await fr.GetAsync($"/messages/{id}")).Json.GetProperty("tracking").GetProperty("recipients").EnumerateArray());
        Assert.Equal(("expired", "BUREAU_CLOSED"), (Text(recipient, "state"), Text(recipient, "reason")));
    }

    private static async Task<string> SendAsync(GatewayHouse house, RunningGateway gateway, LocalClient program)
    {
        var sent = await program.PostAsync("/messages", new
        {
            to = new[] { "DE" },
            precedence = "immediate",
            text = "Bonjour",
            reference = "FR-7",
            deliver_by = house.Node.Clock.GetUtcNow() + _hour,
            handling = new { classification = "restricted", purpose = "identify" },
        });
        Assert.Equal(202, sent.Status);
        await gateway.SeesAsync<GatewayEvent.Accepted>();
        return sent["message_id"]!;
    }

    private static JsonElement.ArrayEnumerator NotDelivered(LocalAnswer answer) => answer.Json.GetProperty("not_delivered").EnumerateArray();

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
