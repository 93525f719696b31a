using System.Security.Cryptography;
using System.Text.Json;
using MessageBackbone.EndToEnd.Processes;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.EndToEnd.Foreign;

/// <summary>
/// A bureau takes part with only openssl, the protos and a Python gRPC client. Its side of every check is in python/, written from the contract
/// alone.
/// </summary>
public sealed class ForeignBureauTests(ForeignHouse shared) : IClassFixture<ForeignHouse>
{
    private const string Text = "照会 No. 7 — « véhicule volé » 🚓\n2行目: Ünïcödé";

    private House House => shared.House;

    private ForeignBureau Japan => shared.Japan;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_it_seals_and_signs_with_openssl_our_gateway_opens_and_receipts()
    {
        var file = await WriteFileAsync(200_000);
        var sent = await Japan.RunAsync("send", "FR", "ES", "flash", "盗難車両", Text, file);
        var id = sent.GetProperty("message_id").GetString()!;
        Assert.False(sent.GetProperty("duplicate").GetBoolean());

        await ArrivesAsync(id);
        await House["FR"].ReceiptedAsync();
        await OutcomesAsync(id, "DELIVERY_STATE_DELIVERED", ["DELIVERY_OUTCOME_DELIVERED", "", ""]);
        var opened = await House["FR"].OpenAsync(id);

        Assert.Equal(("盗難車両", Text), (opened.GetProperty("subject").GetString(), opened.GetProperty("text").GetString()));
        Assert.Equal("flash", opened.GetProperty("header").GetProperty("precedence").GetString());
        Assert.Equal(await File.ReadAllBytesAsync(file, Cancel), opened.GetProperty("file").GetProperty("data").GetBytesFromBase64());
        Assert.Equal(Path.GetFileName(file), opened.GetProperty("file").GetProperty("name").GetString());
        await House["FR"].ReceiptedAsync();
        await OutcomesAsync(id, "DELIVERY_STATE_OPENED", ["DELIVERY_OUTCOME_DELIVERED", "", ""], ["DELIVERY_OUTCOME_OPENED", "", "night-desk"]);
    }

    [Fact]
    public async Task A_repeat_of_its_bytes_gets_the_content_of_the_first_receipt()
    {
        var first = await Japan.RunAsync("send", "FR", "ES", "routine", "once", "once", await WriteFileAsync(1));
        var id = first.GetProperty("message_id").GetString()!;

        var again = await Japan.RunAsync("repeat", id, "ES", "FR");

        Assert.True(again.GetProperty("duplicate").GetBoolean());
        foreach (var same in (string[])["position", "accepted_at", "leaf_hash"])
            Assert.Equal(first.GetProperty(same).ToString(), again.GetProperty(same).ToString());
        await ArrivesAsync(id);
        Assert.Single(await House["FR"].InboxAsync(), m => m.MessageId == id);
    }

    [Fact]
    public async Task What_is_sealed_for_another_message_our_gateway_refuses_and_shows_nobody()
    {
        var id = (await Japan.RunAsync("send_for_another", "FR")).GetProperty("message_id").GetString()!;

        await OutcomesAsync(id, "DELIVERY_STATE_REFUSED", ["DELIVERY_OUTCOME_REFUSED", "NOT_FOR_US", ""]);
        Assert.DoesNotContain(await House["FR"].InboxAsync(), m => m.MessageId == id);
    }

    [Fact]
    public async Task What_our_gateway_sends_it_verifies_opens_and_receipts_with_openssl()
    {
        var file = await WriteFileAsync(300_000);
        var data = await File.ReadAllBytesAsync(file, Cancel);
        var small = await House["FR"].SendAsync(new { to = new[] { "JP" }, precedence = "immediate", subject = "Löschung", text = Text });
        // Two that wait at once may be accepted in any order.
        await House["FR"].AnsweredAsync();
        var large = await House["FR"].SendAsync(
            new
            {
                to = new[] { "JP" },
                precedence = "immediate",
                text = "with a file",
                file = new { name = "plan.pdf", media_type = "application/pdf", data },
            });
        await House["FR"].AnsweredAsync();

        var taken = (await Japan.RunAsync("attend", "2", "desk 3")).EnumerateArray().ToList();

        Assert.Equal([small, large], taken.Select(t => t.GetProperty("message_id").GetString()));
        Assert.All(taken, t => Assert.Equal("", t.GetProperty("refused").GetString()));
        Assert.Equal(("Löschung", Text, false), (Told(taken[0], "subject"), Told(taken[0], "text"), taken[0].GetProperty("fetched").GetBoolean()));
        Assert.Equal(("plan.pdf", Convert.ToHexStringLower(SHA256.HashData(data)), true),
            (Told(taken[1], "file"), Told(taken[1], "data_sha256"), taken[1].GetProperty("fetched").GetBoolean()));
        Assert.Equal(1UL, taken[1].GetProperty("sequence").GetUInt64() - taken[0].GetProperty("sequence").GetUInt64());
        foreach (var id in (string[])[small, large]) await ShownAsync(id, "opened", ("delivered", "", ""), ("opened", "", "desk 3"));
    }

    [Fact]
    public async Task What_it_cannot_open_it_refuses_and_our_gateway_shows_that_with_its_reason()
    {
        var korea = await ForeignBureau.JoinAsync(House, "KR", signCurve: "P-384");
        await korea.LoseSealKeyAsync();
        await House["FR"].UntilAsync(
            "knows KR", async () => (await House["FR"].GetAsync("/status")).GetProperty("directory").GetProperty("position").GetUInt64() >= korea.EnrolledAt);
        var id = await House["FR"].SendAsync(new { to = new[] { "KR" }, text = "for a key that is lost" });
        await House["FR"].AnsweredAsync();

        var taken = Assert.Single((await korea.RunAsync("attend", "1", "desk 1")).EnumerateArray());

        Assert.Equal((id, "CANNOT_OPEN"), (Told(taken, "message_id"), Told(taken, "refused")));
        await ShownAsync(id, "refused", ("refused", "CANNOT_OPEN", ""));
    }

    [Fact]
    public async Task It_sees_who_the_node_is_how_it_is_and_what_it_offers()
    {
        var seen = await Japan.RunAsync("look");

        Assert.Equal("TLSv1.3", Told(seen.GetProperty("tls"), "version"));
        Assert.Equal(["URI:urn:backbone:node:node"], Texts(seen.GetProperty("tls").GetProperty("roles")));
        Assert.Equal("SERVING", Told(seen, "health"));
        string[] services =
        [
            "backbone.v1.AuditService", "backbone.v1.DeliveryService", "backbone.v1.DirectoryService", "backbone.v1.ExchangeService",
            "backbone.v1.OperationsService", "grpc.health.v1.Health",
        ];
        Assert.Empty(services.Except(Texts(seen.GetProperty("reflection").GetProperty("services"))));
        Assert.Equal(["Submit", "SubmitMany", "Track", "DownloadContent", "UploadContent"], Texts(seen.GetProperty("reflection").GetProperty("methods")));
    }

    [Fact]
    public async Task It_reads_why_the_node_refuses_what_is_wrong()
    {
        var told = (await Japan.RunAsync("refused")).EnumerateObject().ToDictionary(r => r.Name, r => r.Value, StringComparer.Ordinal);

        string[] expected =
        [
            "changed_after_signing UNAUTHENTICATED BAD_SIGNATURE", "clear_without_leave PERMISSION_DENIED CLASSIFICATION_NOT_PERMITTED",
            "expired FAILED_PRECONDITION EXPIRED", "fields_missing INVALID_ARGUMENT FIELD_INVALID", "from_the_future INVALID_ARGUMENT CLOCK_SKEW",
            "not_sealed INVALID_ARGUMENT BODY_MISMATCH", "other_body INVALID_ARGUMENT BODY_MISMATCH",
            "sealed_to_another INVALID_ARGUMENT BODY_MISMATCH", "sealed_to_one_more INVALID_ARGUMENT BODY_MISMATCH", "sealed_with_sha1 INVALID_ARGUMENT BODY_MISMATCH",
            "signed_again ALREADY_EXISTS DUPLICATE_ID_DIFFERENT_BYTES", "signed_by_another PERMISSION_DENIED NOT_YOUR_BUREAU",
            "unknown_field INVALID_ARGUMENT MALFORMED", "unknown_recipient NOT_FOUND UNKNOWN_RECIPIENT",
        ];
        Assert.Equal(expected, told.Select(r => $"{r.Key} {Told(r.Value, "code")} {Told(r.Value, "reason")}").Order(StringComparer.Ordinal));
        Assert.All(told.Values, r => Assert.Equal("backbone", Told(r, "domain")));
        Assert.All(told.Values, r => Assert.NotEqual("", Told(r, "text")));
        Assert.Equal(["conversation_id", "handling.purpose"], Texts(told["fields_missing"].GetProperty("fields")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task While_the_nodes_log_cannot_be_written_it_is_told_when_to_come_again_and_then_the_same_bytes_are_taken()
    {
        var told = await WithLogHeldAsync(() => Japan.RunAsync("send_in_vain", "FR"));
        Assert.Equal(("UNAVAILABLE", "STORE_UNAVAILABLE", true), (Told(told, "code"), Told(told, "reason"), told.GetProperty("retry").GetBoolean()));

        var taken = await Japan.RunAsync("repeat", Told(told, "message_id")!, "FR");

        Assert.False(taken.GetProperty("duplicate").GetBoolean());
    }

    [Fact]
    public async Task A_signer_of_another_authority_that_the_machine_trusts_is_refused()
    {
        var at = Directory.CreateDirectory(Path.Combine(House.Folder, "stranger")).FullName;
        await Python.OpenSslAsync($"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Stranger -keyout {at}/ca.key -out {at}/ca.pem");
        await ForeignBureau.MakeKeysAsync(at, "FR", $"{at}/ca.pem", $"{at}/ca.key");
        await Python.OpenSslAsync(
            $"cms -sign -binary -nodetach -nosmimecap -cades -outform DER -signer {at}/sign.pem -inkey {at}/sign.key -in {at}/ca.pem -out {at}/signed.cms");
        var machine = Directory.CreateDirectory(Path.Combine(at, "certs")).FullName;
        File.Copy($"{at}/ca.pem", Path.Combine(machine, (await Python.OpenSslAsync($"x509 -hash -noout -in {at}/ca.pem")).Trim() + ".0"));

        // So it would pass: -CAfile alone adds to the machine's authorities.
        await Python.OpenSslAsync($"cms -verify -binary -inform DER -CAfile {House.PkiFolder}/ca.pem -in {at}/signed.cms -out {at}/out", machine);
        var judged = await Japan.RunBesideAsync(machine, "judge", $"{at}/signed.cms");

        Assert.False(judged.GetProperty("verified").GetBoolean());
        Assert.Contains("unable to get local issuer certificate", Told(judged, "problem"));
    }

    /// <summary>Another program holds the log's write lock, as a careless backup might.</summary>
    private async Task<JsonElement> WithLogHeldAsync(Func<Task<JsonElement>> act)
    {
        await using var log = new SqliteConnection($"Data Source={Path.Combine(House.NodeFolder, "events.db")};Pooling=False");
        await log.OpenAsync(Cancel);
        await using var held = log.BeginTransaction(deferred: false);
        return await act();
    }

    private static string? Told(JsonElement told, string name) => told.GetProperty(name).GetString();

    private static List<string?> Texts(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetString())];

    private Task ArrivesAsync(string id) =>
        House["FR"].UntilAsync($"shows {id}", async () => (await House["FR"].InboxAsync()).Exists(m => m.MessageId == id));

    /// <summary>What the foreign bureau learns of its message at FR, each receipt verified by it; the read model may be a moment late.</summary>
    private async Task OutcomesAsync(string id, string state, params string[][] receipts)
    {
        var seen = new JsonElement();
        await House["FR"].UntilAsync($"has {id} tracked as {state}", async () =>
        {
            seen = (await Japan.RunAsync("track", id)).GetProperty("FR");
            return Told(seen, "state") == state;
        }, () => seen.ToString());
        Assert.Equal(receipts, seen.GetProperty("receipts").Deserialize<string[][]>());
    }

    /// <summary>What our officer sees of a message: state and receipts, verified by our gateway.</summary>
    private async Task ShownAsync(string id, string state, params (string Outcome, string Reason, string Officer)[] receipts)
    {
        var seen = new JsonElement();
        await House["FR"].UntilAsync($"shows {id} as {state}", async () =>
        {
            seen = Assert.Single((await House["FR"].GetAsync($"/messages/{id}")).GetProperty("tracking").GetProperty("recipients").EnumerateArray());
            return Told(seen, "state") == state;
        }, () => seen.ToString());
        var shown = seen.GetProperty("receipts").EnumerateArray().ToList();
        Assert.Equal(receipts, shown.Select(r => (Told(r, "outcome")!, Told(r, "reason")!, Told(r, "officer")!)));
        Assert.All(shown, r => Assert.True(r.GetProperty("verified").GetBoolean(), Told(r, "problem")));
    }

    private async Task<string> WriteFileAsync(int size)
    {
        var path = Path.Combine(House.Folder, $"図面-{size}.pdf");
        await File.WriteAllBytesAsync(path, RandomNumberGenerator.GetBytes(size), Cancel);
        return path;
    }
}
