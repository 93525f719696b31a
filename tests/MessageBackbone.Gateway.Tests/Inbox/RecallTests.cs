using System.Text.Json;
using Google.Protobuf;
using MessageBackbone.Gateway.Composing;
using MessageBackbone.Gateway.Tests.LocalApi;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Messages;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.Inbox;

public sealed class RecallTests
{
    private const string Basis = "StPO 101/8";

    [Fact]
    public async Task Each_recipient_answers_once_and_the_sender_sees_who_still_holds_it()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE", "ES", "GB");
        var france = await house.AttendAsync("FR");
        var germany = await house.AttendAsync("DE", options => options.RetainOpenedOn = Basis);
        var spain = await house.AttendAsync("ES");
        using LocalClient fr = new(france), de = new(germany), es = new(spain);
        var id = await SendAsync(france, "DE", "ES", "GB");
        await germany.ReceivesAsync(id);
        await spain.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message.Value == id);
        Assert.Equal(200, (await de.PostAsync($"/inbox/{id}/open", new { officer = "o-1" })).Status);

        var ordered = await fr.PostAsync($"/messages/{id}/recall", new { reason = "SENT_IN_ERROR" });
        Assert.Equal(202, ordered.Status);
        var statements = await france.SeesAsync<GatewayEvent.Received>(2);

        Assert.Equal(["DE retained yes", "ES deleted no", "GB recalled_before_delivery no"], await HoldersAsync(fr, id));
        await ReadsAsync(de, ordered["order_id"]!, "FR recalled its message", Basis);
        await ReadsAsync(es, ordered["order_id"]!, "FR recalled its message", "deleted here");
        await ReadsAsync(fr, statements.Single(s => s.From.Value == "ES").Message.Value, id, "it deleted it");
        await ReadsAsync(fr, statements.Single(s => s.From.Value == "DE").Message.Value, id, Basis);
        Assert.Equal(200, (await de.PostAsync($"/inbox/{id}/open", new { officer = "o-1" })).Status);
        var gone = await es.PostAsync($"/inbox/{id}/open", new { officer = "o-1" });
        Assert.Equal((409, "RECALLED"), (gone.Status, gone.Reason));
        Assert.Contains(ordered["order_id"]!, gone["detail"], StringComparison.Ordinal);

        var britain = await house.AttendAsync("GB");
        await france.SeesAsync<GatewayEvent.Received>(r => r.From.Value == "GB");
        Assert.Equal(ordered["order_id"], Assert.Single(britain.Seen.OfType<GatewayEvent.Received>()).Message.Value);
        await house.Node.StopAsync();
        // The node cannot be asked now; the statements are here.
        Assert.Equal(["DE retained yes", "ES deleted no", "GB not_held no"], await HoldersAsync(fr, id));
    }

    [Fact]
    public async Task What_comes_after_the_order_is_receipted_as_recalled_and_not_shown()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE");
        var france = await house.AttendAsync("FR");
        var between = await house.StandBetweenAsync("DE");
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ToGateway? first = null;
        between.ToGateway = frame => KindOf(house, frame) switch
        {
            "text" when Interlocked.CompareExchange(ref first, frame, null) is null && held.TrySetResult() => [],
            Recalls.OrderKind => [frame, first!],
            _ => [frame],
        };
        var germany = await house.AttendAsync("DE", node: between.Address);
        var id = await SendAsync(france, "DE");
        await held.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        using var fr = new LocalClient(france);
        using var de = new LocalClient(germany);

        Assert.Equal(202, (await fr.PostAsync($"/messages/{id}/recall", new { reason = "SENT_IN_ERROR", to = new[] { "DE" } })).Status);
        var late = await germany.ReceivesAsync(id);
        await germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message.Value == id);
        await france.SeesAsync<GatewayEvent.Received>();

        Assert.Equal((DeliveryOutcome.Refused, "RECALLED"), (late.Outcome, late.Reason));
        Assert.Equal(404, (await de.GetAsync($"/inbox/{id}")).Status);
        Assert.Equal(["DE not_held no"], await HoldersAsync(fr, id));
    }

    [Fact]
    public async Task An_order_that_does_not_verify_is_shown_as_such_and_does_nothing()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE", "ES");
        var france = await house.AttendAsync("FR");
        var between = await house.StandBetweenAsync("DE");
        var germany = await house.AttendAsync("DE", node: between.Address);
        var id = await SendAsync(france, "DE");
        await germany.ReceivesAsync(id);
        var forged = Forged(house, france, id);
        between.ToGateway = frame =>
        {
            if (frame.Delivery is { } delivery) delivery.Envelope = forged;
            return [frame];
        };
        using var de = new LocalClient(germany);

        await SendAsync(france, "DE");
        var order = house["FR"].HeaderOf(forged).MessageId;
        Assert.Equal(DeliveryOutcome.Delivered, (await germany.ReceivesAsync(order)).Outcome);

        await ReadsAsync(de, order, "does not verify", "Nothing was done");
        Assert.Equal(200, (await de.PostAsync($"/inbox/{id}/open", new { officer = "o-1" })).Status);
        Assert.Empty(germany.Parts.Outbox.Waiting());
        Assert.Empty(germany.Parts.Outbox.List(long.MaxValue, 10));
    }

    [Fact]
    public async Task Only_a_message_that_was_accepted_is_recalled_with_a_code_and_from_its_recipients()
    {
        await using var house = await GatewayHouse.OpenAsync("FR", "DE", "ES");
        var france = await house.AttendAsync("FR");
        using var fr = new LocalClient(france);
        var id = await SendAsync(france, "DE");

        async Task RefusedAsync(int status, string reason, string path, object request)
        {
            var answer = await fr.PostAsync(path, request);
            Assert.Equal((status, reason), (answer.Status, answer.Reason));
        }

        await RefusedAsync(400, "FIELD_INVALID", $"/messages/{id}/recall", new { reason = "sent in error" });
        await RefusedAsync(400, "FIELD_INVALID", $"/messages/{id}/recall", new { reason = "ERROR", to = new[] { "ES" } });
        await RefusedAsync(400, "FIELD_INVALID", $"/messages/{id}/recall", new { reason = "ERROR", precedence = "soon" });
        await RefusedAsync(400, "FIELD_INVALID", "/messages/1/recall", new { reason = "ERROR" });
        await RefusedAsync(404, "UNKNOWN_MESSAGE", "/messages/019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55/recall", new { reason = "ERROR" });
        var ordered = await fr.PostAsync($"/messages/{id}/recall", new { reason = "ERROR" });
        await RefusedAsync(400, "FIELD_INVALID", $"/messages/{ordered["order_id"]}/recall", new { reason = "ERROR" });
        await house.Node.StopAsync();
        var waiting = await france.SendAsync("DE");
        await RefusedAsync(422, "NOT_ACCEPTED_YET", $"/messages/{waiting}/recall", new { reason = "ERROR" });
    }

    private static async Task<string> SendAsync(RunningGateway gateway, params string[] to)
    {
        var id = await gateway.SendAsync(new Draft { To = to, Text = "Bonjour", Reference = "FR-7" });
        await gateway.AcceptedAsync(id);
        return id.Value;
    }

    private static async Task<IEnumerable<string>> HoldersAsync(LocalClient program, string id) =>
        (await program.GetAsync($"/messages/{id}")).Json.GetProperty("recall").EnumerateArray()
            .Select(r => $"{Text(r, "recipient")} {Text(r, "state")} {Text(r, "still_holds")}").ToList();

    private static async Task ReadsAsync(LocalClient program, string id, params string[] expected)
    {
        var opened = await program.PostAsync($"/inbox/{id}/open", new { officer = "o-1" });
        Assert.All(expected, text => Assert.Contains(text, opened["subject"] + opened["text"], StringComparison.Ordinal));
        Assert.NotEmpty(opened.Json.GetProperty("file").GetProperty("data").GetBytesFromBase64());
    }

    // Its header is good; what it holds is signed by another.
    private static Envelope Forged(GatewayHouse house, RunningGateway france, string id)
    {
        var sent = france.Parts.Outbox.Find(id)!;
        var order = new RecallOrder { MessageId = id, HeaderSha256 = ByteString.CopyFrom(sent.HeaderSha256), Reason = "ERROR", At = house["FR"].Now };
        var signed = ReceiptBuilding.Sign(order, house["ES"].Keys.Sign!, house.Node.Clock.GetUtcNow());
        house["FR"].Content = new SealedContent { Data = ByteString.CopyFrom(signed), MediaType = NonDelivery.MediaType };
        return house["FR"].Compose(house["DE"], header => (header.Kind, header.BodyForm, header.InReplyTo) = (Recalls.OrderKind, BodyForm.Clear, id));
    }

    private static string KindOf(GatewayHouse house, ToGateway frame) =>
        frame.Delivery is { } delivery ? house["FR"].HeaderOf(delivery.Envelope).Kind : "";

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
