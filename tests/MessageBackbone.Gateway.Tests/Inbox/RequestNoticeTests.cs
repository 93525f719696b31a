using System.Text.Json;
using MessageBackbone.Gateway.Tests.LocalApi;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Node.Tests.Routing;

namespace MessageBackbone.Gateway.Tests.Inbox;

/// <summary>Requests as officers see them: node and gateways are real, the clock is the test's.</summary>
public sealed class RequestNoticeTests
{
    [Fact]
    public async Task A_recipient_is_reminded_in_words_asks_back_and_answers_and_both_sides_see_the_clock()
    {
        await using var house = await GatewayHouse.OpenAsync(Soon, "FR", "DE");
        var (france, germany) = (await house.AttendAsync("FR"), await house.AttendAsync("DE"));
        using var fr = new LocalClient(france);
        using var de = new LocalClient(germany);
        var id = await SendAsync(fr, new { to = new[] { "DE" }, text = "Who is it?", kind = "request", deadline_class = "hit-urgent", reference = "FR-7" });
        await france.SeesAsync<GatewayEvent.Accepted>(accepted => accepted.Message.Value == id);
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(receipt => receipt.Message.Value == id);
        Assert.Equal("hit-urgent", Text((await RequestUntilAsync(fr, id, "running")), "deadline_class"));

        house.Node.Clock.Advance(TimeSpan.FromMinutes(6));
        var notice = (await germany.SeesAsync<GatewayEvent.Received>(received => received.Message.Value != id)).Message.Value;
        var opened = await de.PostAsync($"/inbox/{notice}/open", new { officer = "o-2" });
        Assert.StartsWith("Your answer to FR is due at ", opened["subject"], StringComparison.Ordinal);
        Assert.Contains($"You owe FR an answer to its request {id}, reference FR-7, (hit-urgent).", opened["text"], StringComparison.Ordinal);
        Assert.Contains($"backbone send --to FR --kind answer --reply-to {id}", opened["text"], StringComparison.Ordinal);

        var owed = (await de.GetAsync("/inbox/owed")).Json.GetProperty("owed").EnumerateArray().ToList();
        Assert.Equal((id, "running"), (Text(Assert.Single(owed).GetProperty("message"), "message_id"), Text(owed[0].GetProperty("request"), "state")));
        var question = await SendAsync(de, new { to = new[] { "FR" }, text = "Which one?", kind = "clarification", in_reply_to = id });
        Assert.Equal(question, Text(await RequestUntilAsync(fr, id, "paused"), "paused_by"));
        await SendAsync(fr, new { to = new[] { "DE" }, text = "The first.", kind = "clarification.answer", in_reply_to = question });
        await RequestUntilAsync(de, id, "running");
        house.Node.Clock.Advance(TimeSpan.FromMinutes(20));
        await RequestUntilAsync(de, id, "overdue");
        var toRequester = await NoticeAsync(france, fr, "The answer of DE is overdue");
        Assert.Contains($"DE owed an answer to your request {id}, reference FR-7,", toRequester, StringComparison.Ordinal);

        var answer = await SendAsync(de, new { to = new[] { "FR" }, text = "It is he.", kind = "answer", in_reply_to = id });
        foreach (var side in (LocalClient[])[fr, de])
        {
            var closed = await RequestUntilAsync(side, id, "closed");
            Assert.Equal(("ANSWERED", answer, true), (Text(closed, "reason"), Text(closed, "closed_by"), closed.GetProperty("late").GetBoolean()));
        }

        Assert.Empty((await de.GetAsync("/inbox/owed")).Json.GetProperty("owed").EnumerateArray());
        var steps = (await RequestUntilAsync(fr, id, "closed")).GetProperty("steps").EnumerateArray().Select(step => Text(step, "step"));
        Assert.Equal(["first_reminder", "duty_desk", "requester", "operator"], steps);
    }

    [Fact]
    public async Task A_class_that_the_node_does_not_know_is_refused_and_the_sender_reads_which_there_are()
    {
        await using var house = await GatewayHouse.OpenAsync(Soon, "FR", "DE");
        var france = await house.AttendAsync("FR");
        using var fr = new LocalClient(france);

        var id = await SendAsync(fr, new { to = new[] { "DE" }, text = "Who is it?", kind = "request", deadline_class = "tomorrow" });
        await france.SeesAsync<GatewayEvent.Refused>(refused => refused.Message.Value == id);

        var sent = (await fr.GetAsync($"/messages/{id}")).Json.GetProperty("sent");
        Assert.Equal(("refused", "FIELD_INVALID"), (Text(sent, "state"), Text(sent, "reason")));
        Assert.Contains("eu-urgent-direct", Text(sent, "text"), StringComparison.Ordinal);
    }

    private static void Soon(NodeOptions options)
    {
        options.Requests.LookEvery = TimeSpan.FromMilliseconds(30);
        options.Escalation.LookEvery = TimeSpan.FromMilliseconds(30);
        foreach (var level in (Node.Escalating.LevelOptions[])[options.Escalation.Flash, options.Escalation.Immediate, options.Escalation.Priority, options.Escalation.Routine])
            level.Off = true;
    }

    private static async Task<string> SendAsync(LocalClient client, object message)
    {
        var reply = await client.PostAsync("/messages", message);
        Assert.Equal(202, reply.Status);
        return reply["message_id"]!;
    }

    private static async Task<string> NoticeAsync(RunningGateway gateway, LocalClient client, string subject)
    {
        var seen = new HashSet<string>();
        while (true)
        {
            var id = (await gateway.SeesAsync<GatewayEvent.Received>(received => !seen.Contains(received.Message.Value))).Message.Value;
            seen.Add(id);
            var opened = await client.PostAsync($"/inbox/{id}/open", new { officer = "o-1" });
            if (opened["subject"] == subject) return opened["text"]!;
        }
    }

    // The clock of the one recipient, once it is so.
    private static async Task<JsonElement> RequestUntilAsync(LocalClient client, string id, string state)
    {
        JsonElement request = default;
        await Eventually.TrueAsync($"the clock is {state}", async () =>
        {
            var recipients = (await client.GetAsync($"/messages/{id}")).Json.GetProperty("tracking").GetProperty("recipients").EnumerateArray();
            return Assert.Single(recipients.ToList()).TryGetProperty("request", out request) && Text(request, "state") == state;
        });
        return request.Clone();
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
