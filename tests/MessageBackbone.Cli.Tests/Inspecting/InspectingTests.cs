using System.Text.Json;
using MessageBackbone.Cli.Tests.Exchanging;

namespace MessageBackbone.Cli.Tests.Inspecting;

/// <summary>The auditor's and the operator's commands against a real node.</summary>
public sealed class InspectingTests(ExchangeHouse house) : IClassFixture<ExchangeHouse>, IAsyncLifetime
{
    private static readonly string[] Reason = ["--purpose", "internal-review", "--why", "Case HARBOUR-7"];

    // Enrolling again adds nothing.
    public async ValueTask InitializeAsync() => await house.SucceedAsync("pki", "enrol", "operator-1", "auditor-1");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task The_history_of_a_message_is_all_that_happened_to_it_in_order()
    {
        var id = await house.SendAsync("FR", "DE", "--precedence", "flash", "--text", "x");
        await house.SendAsync("ES", "DE", "--text", "of another message");

        var history = JsonDocument.Parse((await house.SucceedAsync(["audit", "history", id, .. Reason, "--json"])).Output).RootElement;
        var table = (await house.SucceedAsync(["audit", "history", id, .. Reason])).Output;

        Assert.Equal(id, history.GetProperty("message_id").GetString());
        var events = history.GetProperty("events").EnumerateArray().ToList();
        string[] types = ["message.accepted.v1", "delivery.attempted.v1", "delivery.delivered.v1"];
        Assert.Equal(types, events.Select(e => e.GetProperty("type").GetString()));
        Assert.Equal([$"message-{id}", $"delivery-{id}-DE"], events.Select(e => e.GetProperty("stream").GetString()).Distinct());
        Assert.Equal("FR", events[0].GetProperty("data").GetProperty("content").GetProperty("from").GetString());
        Assert.All(types, type => Assert.Contains(type, table, StringComparison.Ordinal));
        Assert.Contains("from FR, to DE", table, StringComparison.Ordinal);
        Assert.Contains("precedence flash", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_listed_in_the_logs_order_and_as_the_filters_say()
    {
        await house.SendAsync("FR", "DE", "--text", "x");
        await house.SendAsync("FR", "DE", "--text", "x");

        var all = await EventsAsync();
        var accepted = await EventsAsync("--type", "message.accepted.v1");
        var deliveries = await EventsAsync("--stream", "delivery-");
        var after = await EventsAsync("--after", $"{Position(accepted[0])}", "--limit", "3");

        Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (ulong)n), all.Select(Position));
        Assert.True(accepted.Count >= 2);
        Assert.All(accepted, e => Assert.Equal("message.accepted.v1", e.GetProperty("type").GetString()));
        Assert.NotEmpty(deliveries);
        Assert.All(deliveries, e => Assert.StartsWith("delivery-", e.GetProperty("stream").GetString()));
        Assert.Equal(Enumerable.Range(1, 3).Select(n => Position(accepted[0]) + (ulong)n), after.Select(Position));
        Assert.Contains("No event fits.", (await house.SucceedAsync(["audit", "events", .. Reason, "--before", "2020-01-01T00:00:00Z"])).Output);
    }

    [Fact]
    public async Task Each_reading_is_recorded_with_who_read_and_why()
    {
        var id = await house.SendAsync("FR", "DE", "--text", "x");

        await house.SucceedAsync("audit", "history", id, "--purpose", "court-order", "--why", "Order 12/2026");

        var read = (await EventsAsync("--type", "access.read.v1")).Single(e => e.ToString().Contains("Order 12/2026", StringComparison.Ordinal));
        Assert.Equal("urn:backbone:auditor:auditor-1", read.GetProperty("actor").GetString());
        Assert.Contains("court-order", read.GetProperty("data").ToString(), StringComparison.Ordinal);
        Assert.Contains(id, read.GetProperty("data").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_no_auditor_reads_nothing_and_nobody_reads_without_a_reason()
    {
        var by = await house.RunAsync(["audit", "events", .. Reason, "--as", "operator-1"]);
        var without = await house.RunAsync("audit", "events", "--purpose", "internal-review");

        Assert.Equal((1, ""), (by.ExitCode, by.Output));
        Assert.Equal((2, ""), (without.ExitCode, without.Output));
        Assert.Contains("--why", without.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_nodes_status_names_its_log_its_transport_its_followers_and_who_attends()
    {
        var status = JsonDocument.Parse((await house.SucceedAsync("ops", "status", "--json")).Output).RootElement;
        var table = (await house.SucceedAsync("ops", "status")).Output;

        Assert.Equal(("node", "sqlite", "in-memory"), (Text(status, "node"), Text(status, "event_log"), Text(status, "transport")));
        Assert.Equal(ExchangeHouse.Bureaus.Order(), status.GetProperty("attending").EnumerateArray().Select(b => b.GetString()));
        Assert.True(status.GetProperty("log_position").GetUInt64() > 0);
        var followers = status.GetProperty("followers").EnumerateArray().ToDictionary(f => Text(f, "name"), f => Text(f, "state"));
        Assert.Contains("board", followers.Keys);
        Assert.All(followers.Values, state => Assert.Equal("running", state));
        Assert.Contains("DE, ES, FR", table, StringComparison.Ordinal);
        Assert.All(followers.Keys, name => Assert.Contains(name, table, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_lanes_are_listed_and_one_in_memory_is_not_rebuilt()
    {
        var lanes = JsonDocument.Parse((await house.SucceedAsync("ops", "lanes", "--json")).Output).RootElement;
        var table = (await house.SucceedAsync("ops", "lanes")).Output;
        var rebuild = await house.RunAsync("ops", "lanes", "rebuild", "DE", "flash");
        var noLevel = await house.RunAsync("ops", "lanes", "rebuild", "DE", "urgent");

        var first = lanes.GetProperty("lanes").EnumerateArray().First(lane => lane.GetProperty("bureau").GetString() == "DE");
        Assert.Equal(("flash", "ok"), (first.GetProperty("precedence").GetString(), first.GetProperty("queue").GetString()));
        Assert.Contains("in hand", table, StringComparison.Ordinal);
        Assert.Equal(1, rebuild.ExitCode);
        Assert.Contains("in memory", rebuild.Error, StringComparison.Ordinal);
        Assert.Equal(2, noLevel.ExitCode);
    }

    [Fact]
    public async Task A_read_model_is_built_again_from_the_log_and_says_what_it_said_before()
    {
        await house.SendAsync("FR", "DE", "--precedence", "immediate", "--text", "x");
        var before = await RowsAsync();

        var rebuilt = await house.SucceedAsync("ops", "rebuild", "board");

        Assert.Matches(@"\Aboard is rebuilt from [1-9][0-9]* events, up to [1-9][0-9]*\.\n\z", rebuilt.Output);
        Assert.NotEqual("[]", before);
        Assert.Equal(before, await RowsAsync());
        var unknown = await house.RunAsync("ops", "rebuild", "nothing");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Matches(@"\Abackbone: FIELD_INVALID: .*board", unknown.Error);
    }

    private async Task<List<JsonElement>> EventsAsync(params string[] filter)
    {
        var run = await house.SucceedAsync(["audit", "events", .. Reason, "--json", .. filter]);
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private async Task<string> RowsAsync() =>
        JsonDocument.Parse((await house.SucceedAsync("ops", "board", "--json")).Output).RootElement.GetProperty("rows").ToString();

    private static ulong Position(JsonElement e) => e.GetProperty("position").GetUInt64();

    private static string Text(JsonElement e, string name) => e.GetProperty(name).GetString()!;
}
