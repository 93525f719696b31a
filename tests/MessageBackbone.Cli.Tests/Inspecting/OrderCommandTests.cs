using System.Text.Json;
using MessageBackbone.Cli.Tests.Exchanging;
using MessageBackbone.Gateway;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Tests.Inspecting;

/// <summary>The operator's orders to present again and to drain, and what the parties see of them.</summary>
public sealed class OrderCommandTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>, IAsyncLifetime
{
    // Enrolling again adds nothing.
    public async ValueTask InitializeAsync() => await house.SucceedAsync("pki", "enrol", "operator-1");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_gateway_whose_inbox_is_gone_has_the_message_again_after_the_order_and_nothing_is_left_to_deliver()
    {
        var id = await house.SendAsync("FR", "ES", "--text", "Hola", "--precedence", "priority");
        await house.StopGatewayAsync("ES");
        foreach (var file in Directory.GetFiles(house.GatewayFolder("ES"), "gateway.db*")) File.Delete(file);
        await house.StartGatewayAsync("ES");
        house.WriteDemoFile();
        Assert.DoesNotContain(id, (await house.SucceedAsync("inbox", "--as", "ES")).Output, StringComparison.Ordinal);
        var came = house.When("ES", happened => happened is GatewayEvent.ReceiptRecorded { Outcome: DeliveryOutcome.Delivered });

        var dry = await house.SucceedAsync("ops", "redeliver", "--bureau", "ES", id, "--reason", "INBOX_LOST", "--dry-run");
        var done = JsonDocument.Parse((await house.SucceedAsync("ops", "redeliver", "--bureau", "ES", id, "--reason", "INBOX_LOST", "--json")).Output).RootElement;
        await came;

        Assert.Contains("Nothing was done. The log would get:", dry.Output, StringComparison.Ordinal);
        Assert.Contains("delivery.redelivery-ordered.v1", dry.Output, StringComparison.Ordinal);
        Assert.Equal(("ordered", true, "delivered", "INBOX_LOST"),
            (Text(done, "result"), done.GetProperty("done").GetBoolean(), Text(done, "state"), Text(done.GetProperty("event"), "reason")));
        Assert.Contains(id, (await house.SucceedAsync("inbox", "--as", "ES")).Output, StringComparison.Ordinal);
        Assert.Contains("Hola", (await house.SucceedAsync("inbox", "open", id, "--as", "ES")).Output, StringComparison.Ordinal);
        Assert.Contains("DELIVERED, verified", (await house.SucceedAsync("track", id, "--as", "FR")).Output, StringComparison.Ordinal);
        await LaneIsEmptyAsync("ES");
    }

    [Fact]
    public async Task What_a_gateway_still_has_is_shown_once_after_an_order()
    {
        var id = await house.SendAsync("FR", "DE", "--text", "Hallo");
        var repeated = house.When("DE", happened => happened is GatewayEvent.Received { Repeated: true });

        var done = await house.SucceedAsync("ops", "redeliver", "--bureau", "DE", id, "--reason", "INBOX_LOST");
        await repeated;

        Assert.Contains("is presented again, as a possible duplicate. It stays delivered.", done.Output, StringComparison.Ordinal);
        await LaneIsEmptyAsync("DE");
        var inbox = (await house.SucceedAsync("inbox", "--as", "DE")).Output;
        Assert.Equal(2, inbox.Split(id).Length);
    }

    [Fact]
    public async Task A_drained_node_takes_nothing_until_that_is_ended()
    {
        Assert.Contains("Nothing was done", (await house.SucceedAsync("ops", "drain", "--reason", "PLANNED_STOP", "--dry-run")).Output, StringComparison.Ordinal);
        var drained = await house.SucceedAsync("ops", "drain", "--reason", "PLANNED_STOP", "--retry-after", "300");
        var status = await house.SucceedAsync("ops", "status");
        var sent = (await house.SucceedAsync("send", "--as", "FR", "--to", "DE", "--text", "x")).Output[..36];
        var delivered = house.When("DE", happened => happened is GatewayEvent.ReceiptRecorded { Outcome: DeliveryOutcome.Delivered });

        var ended = JsonDocument.Parse((await house.SucceedAsync("ops", "drain", "--end", "--json")).Output).RootElement;
        await delivered;

        Assert.Contains("The node is draining; senders are told to come again after 300 s.", drained.Output, StringComparison.Ordinal);
        Assert.Contains("refused: the node is draining", status.Output, StringComparison.Ordinal);
        Assert.Equal((false, JsonValueKind.Null), (ended.GetProperty("draining").GetBoolean(), ended.GetProperty("ordered").ValueKind));
        Assert.Equal("urn:backbone:operator:operator-1", Text(ended.GetProperty("ended"), "operator"));
        Assert.Contains(sent, (await house.SucceedAsync("inbox", "--as", "DE")).Output, StringComparison.Ordinal);
        Assert.Contains("Nothing would change.", (await house.SucceedAsync("ops", "drain", "--end", "--dry-run")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redeliver", "--bureau", "DE", "--reason", "INBOX_LOST")]
    [InlineData("redeliver", "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55", "--reason", "INBOX_LOST")]
    [InlineData("redeliver", "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55", "--bureau", "DE")]
    [InlineData("redeliver", "no-id", "--bureau", "DE", "--reason", "INBOX_LOST")]
    [InlineData("redeliver", "019350c3-8a6e-7c11-9f6a-2b1f0c7d9e55", "--bureau", "DE", "--reason", "why not")]
    [InlineData("drain", "--reason", "why not")]
    [InlineData("drain", "--retry-after", "0")]
    [InlineData("drain", "--retry-after", "3601")]
    [InlineData("drain", "--end", "--retry-after", "5")]
    public async Task What_is_not_told_right_is_wrong_usage(params string[] args)
    {
        var run = await house.RunAsync(["ops", .. args]);

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.NotEmpty(run.Error);
    }

    // The plan follows the log: what was recorded a moment ago may not be in it yet.
    private async Task LaneIsEmptyAsync(string bureau)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var lanes = JsonDocument.Parse((await house.SucceedAsync("ops", "lanes", "--json")).Output).RootElement.GetProperty("lanes").EnumerateArray();
            if (lanes.Where(lane => Text(lane, "bureau") == bureau).All(lane => lane.GetProperty("waiting").GetInt64() + lane.GetProperty("published").GetInt64() == 0))
                return;
        }
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
