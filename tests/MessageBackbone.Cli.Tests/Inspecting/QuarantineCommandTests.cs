using System.Text.Json;
using MessageBackbone.Cli.Tests.Exchanging;
using MessageBackbone.Gateway;
using MessageBackbone.V1;
using Microsoft.Data.Sqlite;

namespace MessageBackbone.Cli.Tests.Inspecting;

/// <summary>The operator's way from "something is quarantined" to its end, and what the parties see of it.</summary>
public sealed class QuarantineCommandTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>, IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Enrolling again adds nothing.
    public async ValueTask InitializeAsync() => await house.SucceedAsync("pki", "enrol", "operator-1");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task It_is_listed_shown_before_it_is_released_and_delivered_after_it()
    {
        await StoreAsync("CREATE TRIGGER poison_one BEFORE INSERT ON inbox WHEN new.reference = 'POISON-1' AND new.outcome = 1 "
            + "BEGIN SELECT RAISE(ABORT, 'no'); END");
        var id = await QuarantinedAsync("POISON-1");

        var listed = await ListedAsync(id);
        var table = (await house.SucceedAsync("ops", "quarantine", "list", "--bureau", "DE")).Output;
        var inbox = await house.SucceedAsync("inbox", "--as", "DE");
        var tracked = await house.SucceedAsync("track", id, "--as", "FR");
        Assert.Equal(("FR", "CANNOT_STORE", "routine"), (Text(listed, "from"), Text(listed, "reason"), Text(listed, "precedence")));
        Assert.Contains(id, table, StringComparison.Ordinal);
        Assert.Contains("could not be processed", inbox.Error, StringComparison.Ordinal);
        Assert.Contains("quarantined (CANNOT_STORE)", tracked.Output, StringComparison.Ordinal);

        var dry = await house.SucceedAsync("ops", "quarantine", "release", id, "--bureau", "DE", "--reason", "GATEWAY_MENDED");
        Assert.Contains("Nothing was done", dry.Output, StringComparison.Ordinal);
        await ListedAsync(id);
        await StoreAsync("DROP TRIGGER poison_one");
        var delivered = house.When("DE", happened => happened is GatewayEvent.ReceiptRecorded { Outcome: DeliveryOutcome.Delivered });
        // The printed command does it.
        var next = dry.Output[(dry.Output.IndexOf("backbone ops", StringComparison.Ordinal) + 9)..].Trim().Split(' ');
        Assert.Contains("1 released.", (await house.SucceedAsync(next)).Output, StringComparison.Ordinal);
        await delivered;

        Assert.Contains("DELIVERED, verified", (await house.SucceedAsync("track", id, "--as", "FR")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_whole_conversation_is_refused_and_the_sender_reads_why()
    {
        await StoreAsync("CREATE TRIGGER poison_two BEFORE INSERT ON inbox WHEN new.reference = 'POISON-2' AND new.outcome = 1 "
            + "BEGIN SELECT RAISE(ABORT, 'no'); END");
        var id = await QuarantinedAsync("POISON-2");
        await ListedAsync(id);
        var reported = house.When("FR", happened => happened is GatewayEvent.Received { Outcome: DeliveryOutcome.Delivered });

        var refused = JsonDocument.Parse((await house.SucceedAsync(
            "ops", "quarantine", "refuse", "--conversation", id, "--bureau", "DE", "--reason", "NOT_READABLE", "--yes", "--json")).Output).RootElement;
        await reported;

        Assert.Equal(("refuse", true), (Text(refused, "action"), refused.GetProperty("done").GetBoolean()));
        Assert.Equal(id, Text(Assert.Single(refused.GetProperty("deliveries").EnumerateArray()), "message_id"));
        var tracked = (await house.SucceedAsync("track", id, "--as", "FR")).Output;
        Assert.Contains("refused (NOT_READABLE) by urn:backbone:operator:operator-1", tracked, StringComparison.Ordinal);
        Assert.Contains("Not delivered to DE: QUARANTINED", tracked, StringComparison.Ordinal);
        var again = await house.RunAsync("ops", "quarantine", "refuse", id, "--bureau", "DE", "--reason", "NOT_READABLE", "--yes");
        Assert.Equal(1, again.ExitCode);
    }

    [Theory]
    [InlineData("release", "--bureau", "DE")]
    [InlineData("release", "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55")]
    [InlineData("release", "no-id", "--bureau", "DE")]
    [InlineData("refuse", "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55", "--bureau", "DE")]
    [InlineData("release", "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55", "--bureau", "de")]
    [InlineData("release", "--conversation", "X", "--bureau", "DE")]
    [InlineData("refuse", "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55", "--bureau", "DE", "--reason", "why not")]
    public async Task What_is_not_told_right_is_wrong_usage(params string[] args)
    {
        var run = await house.RunAsync(["ops", "quarantine", .. args]);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.NotEmpty(run.Error);
    }

    private async Task<string> QuarantinedAsync(string reference)
    {
        var apart = house.When("DE", happened => happened is GatewayEvent.ReceiptRecorded { Outcome: DeliveryOutcome.Quarantined });
        var id = (await house.SucceedAsync("send", "--as", "FR", "--to", "DE", "--text", "x", "--reference", reference)).Output[..36];
        await apart;
        return id;
    }

    // The plan follows the log: what was recorded a moment ago may not be in it yet.
    private async Task<JsonElement> ListedAsync(string id)
    {
        while (true)
        {
            Cancel.ThrowIfCancellationRequested();
            var list = JsonDocument.Parse((await house.SucceedAsync("ops", "quarantine", "--json")).Output).RootElement.GetProperty("deliveries");
            if (list.EnumerateArray().Where(row => Text(row, "message_id") == id).ToList() is [var found]) return found;
        }
    }

    private async Task StoreAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(house.GatewayFolder("DE"), "gateway.db")};Pooling=False");
        await connection.OpenAsync(Cancel);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of these tests
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
