using System.Text.Json;
using MessageBackbone.Gateway.Tests.LocalApi;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Hosting;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Inbox;

/// <summary>Late deliveries as officers see them: node and gateways are real, the clock is the test's.</summary>
public sealed class LateNoticeTests
{
    [Fact]
    public async Task What_a_bureau_does_not_fetch_goes_to_the_alternate_and_its_sender_reads_so()
    {
        await using var house = await GatewayHouse.OpenAsync(Soon, "FR", "DE", "ES");
        var (france, spain) = (await house.AttendAsync("FR"), await house.AttendAsync("ES"));
        using var fr = new LocalClient(france);
        using var es = new LocalClient(spain);
        var id = await SendAsync(france, fr, new[] { new { instead_of = "DE", bureau = "ES" } });

        house.Node.Clock.Advance(TimeSpan.FromMinutes(15));
        await spain.SeesAsync<GatewayEvent.Received>(received => received.Message.Value == id);
        await spain.SeesAsync<GatewayEvent.ReceiptRecorded>(receipt => receipt.Message.Value == id);

        Assert.Equal("Bonjour", (await es.PostAsync($"/inbox/{id}/open", new { officer = "o-2" }))["text"]);
        await spain.SeesAsync<GatewayEvent.ReceiptRecorded>(receipt => receipt.Message.Value == id && receipt.Outcome == DeliveryOutcome.Opened);
        var recipients = (await fr.GetAsync($"/messages/{id}")).Json.GetProperty("tracking").GetProperty("recipients").EnumerateArray().ToList();
        Assert.Equal([("DE", "redirected", "ES", ""), ("ES", "opened", "", "DE")],
            recipients.Select(r => (Text(r, "recipient"), Text(r, "state"), Text(r, "redirected_to"), Text(r, "instead_of"))));
        Assert.All(recipients[1].GetProperty("receipts").EnumerateArray(), receipt => Assert.True(receipt.GetProperty("verified").GetBoolean()));
        Assert.Equal(["duty_desk", "alternate"], recipients[0].GetProperty("escalations").EnumerateArray().Select(step => Text(step, "step")));
        var notice = (await france.SeesAsync<GatewayEvent.Received>()).Message.Value;
        var opened = await fr.PostAsync($"/inbox/{notice}/open", new { officer = "o-1" });
        Assert.Equal("DE is late: ES gets it", opened["subject"]);
        Assert.Contains($"Your message {id} (your reference FR-7) to DE", opened["text"], StringComparison.Ordinal);
        await france.SeesAsync<GatewayEvent.ReceiptRecorded>(receipt => receipt.Message.Value == notice && receipt.Outcome == DeliveryOutcome.Delivered);
    }

    [Fact]
    public async Task Where_nobody_was_sealed_for_the_officer_is_asked_and_what_is_sent_on_is_the_same_message_under_a_new_id()
    {
        await using var house = await GatewayHouse.OpenAsync(
            options =>
            {
                Soon(options);
                options.Escalation.Alternates["DE"] = "ES";
            },
            "FR", "DE", "ES");
        var (france, spain) = (await house.AttendAsync("FR"), await house.AttendAsync("ES"));
        using var fr = new LocalClient(france);
        using var es = new LocalClient(spain);
        var id = await SendAsync(france, fr, Array.Empty<object>());
        house.Node.Clock.Advance(TimeSpan.FromMinutes(15));
        var notice = (await france.SeesAsync<GatewayEvent.Received>()).Message.Value;
        var opened = await fr.PostAsync($"/inbox/{notice}/open", new { officer = "o-1" });
        Assert.Contains($"backbone resend {id} --to ES", opened["text"], StringComparison.Ordinal);

        Assert.Equal(400, (await fr.PostAsync($"/messages/{id}/resend", new { to = "DE" })).Status);
        Assert.Equal(404, (await fr.PostAsync($"/messages/{notice}/resend", new { to = "ES" })).Status);
        var again = await fr.PostAsync($"/messages/{id}/resend", new { to = "ES" });

        Assert.Equal(202, again.Status);
        await spain.SeesAsync<GatewayEvent.Received>(received => received.Message.Value == again["message_id"]);
        var read = await es.PostAsync($"/inbox/{again["message_id"]}/open", new { officer = "o-2" });
        var header = read.Json.GetProperty("header");
        Assert.Equal(("Bonjour", "FR-7", "flash", id), (read["text"], Text(header, "reference"), Text(header, "precedence"), Text(header, "conversation")));
        Assert.Equal("ES", Assert.Single(header.GetProperty("to").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task An_alternate_is_checked_before_anything_is_sealed()
    {
        await using var house = await GatewayHouse.OpenAsync(Soon, "FR", "DE");
        var france = await house.AttendAsync("FR");
        using var fr = new LocalClient(france);

        foreach (var (recipient, bureau, status) in ((string, string, int)[])[("ES", "FR", 400), ("DE", "DE", 400), ("DE", "JP", 422)])
        {
            var refused = await fr.PostAsync(
                "/messages", new { to = new[] { "DE" }, text = "Bonjour", alternates = new[] { new { instead_of = recipient, bureau } } });
            Assert.Equal(status, refused.Status);
            Assert.Contains("alternates[0]", refused.Json.GetRawText(), StringComparison.Ordinal);
        }
    }

    private static void Soon(NodeOptions options) => options.Escalation.LookEvery = TimeSpan.FromMilliseconds(50);

    private static async Task<string> SendAsync(RunningGateway gateway, LocalClient program, object alternates)
    {
        var sent = await program.PostAsync(
            "/messages", new { to = new[] { "DE" }, precedence = "flash", text = "Bonjour", reference = "FR-7", alternates });
        Assert.Equal(202, sent.Status);
        await gateway.SeesAsync<GatewayEvent.Accepted>();
        return sent["message_id"]!;
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
