using System.Net.Http.Headers;
using MessageBackbone.Gateway.Tests.Running;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Gateway.Tests.LocalApi;

/// <summary>What every endpoint answers, to good requests and to bad ones.</summary>
public sealed class EndpointTests(LocalHouse house) : IClassFixture<LocalHouse>
{
    private static readonly string _nowhere = MessageId.New(TimeProvider.System.GetUtcNow()).Value;

    [Fact]
    public async Task A_message_is_sent_received_opened_and_tracked()
    {
        var sent = await house.Fr.PostAsync("/messages", new
        {
            to = new[] { "DE" },
            precedence = "flash",
            kind = "request",
            subject = "Objet",
            text = "Bonjour",
            reference = "FR-2026-1",
            file = new { name = "a.txt", media_type = "text/plain; charset=utf-8", data = Convert.ToBase64String([1, 2, 3]) },
            handling = new { classification = "restricted", codes = new[] { "h3" }, purpose = "identify", legal_basis = "Art. 1", note = "Entre nous" },
        });
        Assert.Equal(202, sent.Status);
        var id = sent["message_id"]!;
        await house.Germany.ReceivesAsync(id);

        var listed = (await house.De.GetAsync("/inbox?from=FR&precedence=flash&kind=request&opened=false")).Json.GetProperty("messages");
        Assert.Contains(listed.EnumerateArray(), m => m.GetProperty("message_id").GetString() == id);
        var header = (await house.De.GetAsync($"/inbox/{id}")).Json.GetProperty("header");
        Assert.Equal(("FR", "identify", "sealed"), (header.GetProperty("from").GetString(), header.GetProperty("handling").GetProperty("purpose").GetString(), header.GetProperty("form").GetString()));
        var opened = await house.De.PostAsync($"/inbox/{id}/open", new { officer = "o-1" });
        Assert.Equal(("Objet", "Bonjour", "Entre nous", "True"), (opened["subject"], opened["text"], opened["handling_note"], opened["first_opening"]));
        Assert.Equal([1, 2, 3], opened.Json.GetProperty("file").GetProperty("data").GetBytesFromBase64());
        Assert.Equal("text/plain", opened.Json.GetProperty("file").GetProperty("media_type").GetString());
        Assert.Equal("False", (await house.De.PostAsync($"/inbox/{id}/open", new { officer = "o-2" }))["first_opening"]);
        await house.Germany.SeesAsync<GatewayEvent.ReceiptRecorded>(r => r.Message.Value == id && r.Outcome == DeliveryOutcome.Opened);

        var status = (await house.Fr.GetAsync($"/messages/{id}")).Json;
        Assert.Equal("accepted", status.GetProperty("sent").GetProperty("state").GetString());
        var recipient = Assert.Single(status.GetProperty("tracking").GetProperty("recipients").EnumerateArray());
        var receipts = recipient.GetProperty("receipts").EnumerateArray().ToDictionary(r => r.GetProperty("outcome").GetString()!);
        Assert.Equal(["delivered", "opened"], receipts.Keys.Order());
        Assert.All(receipts.Values, receipt => Assert.True(receipt.GetProperty("verified").GetBoolean()));
        Assert.Equal("o-1", receipts["opened"].GetProperty("officer").GetString());
        Assert.Contains((await house.Fr.GetAsync("/messages?limit=200")).Json.GetProperty("messages").EnumerateArray(), m => m.GetProperty("message_id").GetString() == id);
    }

    [Fact]
    public async Task A_form_with_a_file_is_a_message_too()
    {
        using var file = new ByteArrayContent([7, 8, 9]) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
        using var form = new MultipartFormDataContent
        {
            { new StringContent("DE"), "to" }, { new StringContent("priority"), "precedence" }, { new StringContent("Objet"), "subject" },
            { new StringContent("restricted"), "handling.classification" }, { new StringContent("alert"), "handling.purpose" }, { file, "file", "photo.png" },
        };

        var sent = await house.Fr.SendAsync(HttpMethod.Post, "/messages", form);

        Assert.Equal(202, sent.Status);
        await house.Germany.ReceivesAsync(sent["message_id"]!);
        var opened = (await house.De.PostAsync($"/inbox/{sent["message_id"]}/open", new { officer = "o-1" })).Json.GetProperty("file");
        Assert.Equal(("photo.png", "image/png"), (opened.GetProperty("name").GetString(), opened.GetProperty("media_type").GetString()));
        Assert.Equal([7, 8, 9], opened.GetProperty("data").GetBytesFromBase64());
    }

    [Theory]
    [InlineData("""{"to":["DE"],"text":"x","precedence":"soon"}""", 400, "FIELD_INVALID", "precedence")]
    [InlineData("""{"to":["DE"],"text":"x","unknown":1}""", 400, "FIELD_INVALID", "$")]
    [InlineData("""{"to":["DE"],"to":["ES"],"text":"x"}""", 400, "FIELD_INVALID", "$")]
    [InlineData("""{"to":["DE"],"text":null}""", 400, "FIELD_INVALID", null)]
    [InlineData("""{"to":[null],"text":"x"}""", 400, "FIELD_INVALID", null)]
    [InlineData("""{"to":null,"text":"x"}""", 400, "FIELD_INVALID", null)]
    [InlineData("""{"to":["DE"],"text":"x","file":{"name":"a","data":null}}""", 400, "FIELD_INVALID", null)]
    [InlineData("""{"to":["DE"],"text":"x","file":{"name":"a","data":"***"}}""", 400, "FIELD_INVALID", "file.data")]
    [InlineData("""{"to":["DE"],"text":"x","handling":{"classification":"secret","purpose":"alert"}}""", 400, "FIELD_INVALID", "handling.classification")]
    [InlineData("""{"to":["DE"],"text":"x","handling":{"classification":null,"purpose":"alert"}}""", 400, "FIELD_INVALID", null)]
    [InlineData("""{"to":["DE"],"text":"x","reference":"a\u0000b"}""", 400, "FIELD_INVALID", "reference")]
    [InlineData("""{"to":["DE"],"text":"\ud800"}""", 400, "FIELD_INVALID", null)]
    [InlineData("""{"to":["DE"],"text":"x","form":"clear"}""", 422, "CLASSIFICATION_NOT_PERMITTED", "body_form")]
    [InlineData("""{"to":["JP"],"text":"x"}""", 422, "UNKNOWN_RECIPIENT", "to[0]")]
    [InlineData("""{"to":["de"],"text":"x"}""", 400, "FIELD_INVALID", "to[0]")]
    [InlineData("""{"text":"x"}""", 400, "FIELD_INVALID", null)]
    [InlineData("""{"to":["DE"],"text":"x","deliver_by":"2001-01-01T00:00:00Z"}""", 422, "EXPIRED", "deliver_by")]
    [InlineData("""{"to":["DE"],"text":"x","in_reply_to":"1"}""", 400, "FIELD_INVALID", "in_reply_to")]
    [InlineData("""{"to":["DE"],"topic":"stolen.vehicles","info":["DE"],"text":"x"}""", 400, "FIELD_INVALID", "info")]
    [InlineData("""{"to":["DE"],""", 400, "FIELD_INVALID", "$")]
    [InlineData("null", 400, "FIELD_INVALID", null)]
    [InlineData("[]", 400, "FIELD_INVALID", "$")]
    [InlineData("", 400, "FIELD_INVALID", "$")]
    public async Task What_cannot_be_sent_is_told_with_reason_and_field(string json, int status, string reason, string? field)
    {
        var answer = await house.Fr.PostTextAsync("/messages", json);

        Assert.Equal((status, reason, "application/problem+json"), (answer.Status, answer.Reason, answer.MediaType));
        if (field is not null) Assert.Contains(answer.Fields, f => f.StartsWith(field, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_too_large_or_of_another_kind_is_refused()
    {
        var content = await house.Fr.PostAsync("/messages", new { to = new[] { "DE" }, text = new string('x', (64 << 10) + 1) });
        var request = await house.Fr.PostAsync("/messages", new { to = new[] { "DE" }, text = new string('x', 1 << 20) });
        var other = await house.Fr.PostTextAsync("/messages", "<xml/>", "application/xml");

        Assert.Equal((413, "TOO_LARGE"), (content.Status, content.Reason));
        Assert.Equal((413, "TOO_LARGE"), (request.Status, request.Reason));
        Assert.Equal((415, "MEDIA_TYPE"), (other.Status, other.Reason));
    }

    [Theory]
    [InlineData("GET", "/inbox?limit=0", 400, "FIELD_INVALID")]
    [InlineData("GET", "/inbox?limit=many", 400, "MALFORMED")]
    [InlineData("GET", "/inbox?skip=-1", 400, "FIELD_INVALID")]
    [InlineData("GET", "/inbox?from=de", 400, "FIELD_INVALID")]
    [InlineData("GET", "/inbox?kind=A", 400, "FIELD_INVALID")]
    [InlineData("GET", "/inbox?order=best", 400, "FIELD_INVALID")]
    [InlineData("GET", "/inbox?precedence=unspecified", 400, "FIELD_INVALID")]
    [InlineData("GET", "/inbox/1", 400, "FIELD_INVALID")]
    [InlineData("GET", "/inbox/{id}", 404, "UNKNOWN_MESSAGE")]
    [InlineData("GET", "/messages?limit=201", 400, "FIELD_INVALID")]
    [InlineData("GET", "/messages?before=x", 400, "MALFORMED")]
    [InlineData("GET", "/messages/1", 400, "FIELD_INVALID")]
    [InlineData("GET", "/messages/{id}", 404, "UNKNOWN_MESSAGE")]
    [InlineData("GET", "/nothing", 404, "NO_SUCH_ROUTE")]
    [InlineData("POST", "/subscriptions/A", 400, "FIELD_INVALID")]
    [InlineData("POST", "/subscriptions/no.such.topic", 422, "FIELD_INVALID")]
    [InlineData("DELETE", "/inbox", 405, "METHOD")]
    public async Task What_cannot_be_asked_is_told_with_its_reason(string method, string path, int status, string reason)
    {
        var answer = await house.Fr.SendAsync(new HttpMethod(method), path.Replace("{id}", _nowhere, StringComparison.Ordinal));

        Assert.Equal((status, reason, "application/problem+json"), (answer.Status, answer.Reason, answer.MediaType));
    }

    [Theory]
    [InlineData("""{"officer":"Jean\nDupont"}""", 400, "FIELD_INVALID")]
    [InlineData("""{"officer":""}""", 400, "FIELD_INVALID")]
    [InlineData("""{"officer":null}""", 400, "FIELD_INVALID")]
    [InlineData("""{"officer":1}""", 400, "MALFORMED")]
    [InlineData("""{"officer":""", 400, "MALFORMED")]
    [InlineData("null", 400, "MALFORMED")]
    [InlineData("", 400, "MALFORMED")]
    [InlineData("""{"officer":"o-1"}""", 404, "UNKNOWN_MESSAGE")]
    public async Task What_cannot_be_opened_is_told_with_its_reason(string json, int status, string reason)
    {
        var answer = await house.De.PostTextAsync($"/inbox/{_nowhere}/open", json);

        Assert.Equal((status, reason, "application/problem+json"), (answer.Status, answer.Reason, answer.MediaType));
    }

    [Fact]
    public async Task A_topic_is_subscribed_and_left()
    {
        var subscribed = await house.De.SendAsync(HttpMethod.Post, "/subscriptions/stolen.vehicles");
        var left = await house.De.SendAsync(HttpMethod.Delete, "/subscriptions/stolen.vehicles");

        Assert.Equal((200, "stolen.vehicles", 200), (subscribed.Status, subscribed["topic"], left.Status));
        Assert.Equal(["unsubscribe", "subscribe"], house.Germany.Parts.Audit.Read(1000).Where(a => a.Subject == "stolen.vehicles").Select(a => a.Action).Take(2));
    }

    [Fact]
    public async Task Status_and_health_say_how_the_gateway_does()
    {
        using var anyone = new LocalClient(house.France, token: false);
        var status = (await house.Fr.GetAsync("/status")).Json;

        Assert.Equal(("FR", true), (status.GetProperty("bureau").GetString(), status.GetProperty("attending").GetBoolean()));
        Assert.Equal(["seal", "sign", "tls"], status.GetProperty("certificates_end").EnumerateObject().Select(c => c.Name).Order());
        Assert.Equal(2, status.GetProperty("directory").GetProperty("bureaus").GetInt32());
        Assert.Equal((200, "ok"), ((await anyone.GetAsync("/health/live")).Status, (await anyone.GetAsync("/health/ready"))["status"]));
    }

    [Fact]
    public async Task Who_did_what_is_recorded_and_no_name_stands_in_a_log()
    {
        using var program = new LocalClient(house.France, token: false, house.House["FR"].Keys.Tls);
        var sent = await program.PostAsync("/messages", new { to = new[] { "DE" }, subject = "Gaston Lagaffe", text = "Gaston Lagaffe" });
        await program.PostTextAsync("/messages", """{"to":["DE"],"text":"Gaston Lagaffe","unknown":"Gaston Lagaffe"}""");
        await house.Fr.GetAsync($"/messages/{sent["message_id"]}");
        await house.Fr.GetAsync("/inbox?limit=Gaston-Lagaffe");
        await house.Fr.PostTextAsync($"/inbox/{_nowhere}/open", """{"officer":"Gaston Lagaffe","x":1}""");
        await house.Germany.ReceivesAsync(sent["message_id"]!);
        await house.De.PostAsync($"/inbox/{sent["message_id"]}/open", new { officer = "o-77" });

        var france = house.France.Parts.Audit.Read(1000);
        var certificate = $"certificate:{Digests.Sha256Hex(house.House["FR"].Keys.Tls.RawData)[..16]}";
        Assert.Contains(france, a => (a.User, a.Action, a.Subject, a.Outcome) == (certificate, "send", sent["message_id"], "queued"));
        Assert.Contains(france, a => (a.User, a.Action, a.Outcome) == (certificate, "send", "FIELD_INVALID"));
        Assert.Contains(france, a => (a.User, a.Action, a.Subject) == ("token:local-api.token", "status", sent["message_id"]));
        Assert.Contains(house.Germany.Parts.Audit.Read(1000), a => (a.Action, a.Subject, a.Outcome) == ("open", sent["message_id"], "opened by o-77"));
        Assert.DoesNotContain(france, a => $"{a}".Contains("Lagaffe", StringComparison.Ordinal));
        house.House.Logs.AssertNowhere("Lagaffe", "R2FzdG9u", house.Fr.Token!);
    }

    [Fact]
    public async Task More_requests_than_there_is_room_for_are_told_to_come_again()
    {
        await using var small = await GatewayHouse.OpenAsync("FR");
        var gateway = await small.AttendAsync("FR", o => o.LocalRequests = 1);
        using var client = new LocalClient(gateway);
        List<Task<LocalAnswer>> both = [client.GetAsync("/inbox/arrivals?after=0&wait=60"), client.GetAsync("/inbox/arrivals?after=0&wait=60")];

        // There is room for one of them, which waits; the other is told at once.
        var turnedAway = await Task.WhenAny(both).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        both.Remove(turnedAway);
        var busy = await turnedAway;
        await gateway.Host.StopAsync();

        Assert.Equal((503, "BUSY", "1"), (busy.Status, busy.Reason, busy.Headers.RetryAfter!.ToString()));
        Assert.Equal(200, (await both[0]).Status);
    }
}
