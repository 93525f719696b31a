using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using MessageBackbone.Fixtures;
using MessageBackbone.Node.Operations;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>A broker that dies. Each test finds it in whatever state the one before left it, and starts it when it needs it.</summary>
public sealed class RabbitMqOutageTests(DyingBroker broker) : IClassFixture<DyingBroker>
{
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broker_that_is_away_at_start_is_told_and_used_by_itself_when_it_comes()
    {
        var lane = new LaneKey("LT", Precedence.Flash);
        await broker.KillAsync();
        await using var node = await StartAsync("LT");
        await Eventually.TrueAsync("the node has tried", () => node.Logged(211) >= 2);
        Assert.NotEqual("connected", node.Lanes.State);
        Assert.False(node.Lanes.Takes(lane));
        var (attachment, arrived) = node.Attach(lane);
        await node.Scenario.AcceptAsync(Precedence.Flash, "LT");

        await broker.UpAsync();

        (await arrived.ReadAsync(Cancel)).Done();
        Assert.Equal("connected", node.Lanes.State);
        // The first reference may be there before the lane knows that it is open.
        await attachment.Attached.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task After_kill_9_with_its_data_everything_arrives_at_one_consumer_a_lane()
    {
        var (attended, later) = (new LaneKey("LU", Precedence.Routine), new LaneKey("LV", Precedence.Routine));
        await broker.UpAsync();
        await using var node = await StartAsync("LU", "LV");
        await node.UpAsync();
        var (attachment, arrived) = await node.AttachAsync(attended);
        for (var i = 0; i < 100; i++) await node.Scenario.AcceptAsync(Precedence.Routine, "LU", "LV");
        await node.PublishedAsync(later, 100);
        var done = new HashSet<ulong>();
        for (var i = 0; i < 10; i++) done.Add(await DoneAsync(arrived));
        // A broker writes down a little later which queues it has: killed before, it would rightly count as another one.
        await broker.ControlAsync("eval", "mnesia:dump_log().");

        await broker.KillAsync();
        await Eventually.TrueAsync("the node has seen it", () => node.Lanes.State != "connected");
        for (var i = 0; i < 10; i++) await node.Scenario.AcceptAsync(Precedence.Routine, "LU", "LV");
        await broker.UpAsync();

        var (afterwards, arrivedLater) = await node.AttachAsync(later);
        await AllArriveAsync(arrivedLater, 110, []);
        await AllArriveAsync(arrived, 110, done);
        var consumers = await broker.ControlAsync("list_consumers", "--no-table-headers", "queue_name");
        Assert.Equal([attended.QueueName, later.QueueName], consumers.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal(0, node.Logged(212));
        await attachment.DisposeAsync();
        await afterwards.DisposeAsync();
    }

    [Fact]
    public async Task A_broker_that_comes_back_empty_gets_every_open_reference_again_the_most_urgent_first()
    {
        await broker.UpAsync();
        await using var node = await StartAsync("MT");
        await node.UpAsync();
        var lanes = LaneKey.Of("MT").ToList();
        foreach (var lane in Enumerable.Reverse(lanes))
            for (var i = 0; i < 20; i++)
                await node.Scenario.AcceptAsync(lane.Precedence, "MT");
        foreach (var lane in lanes) await node.PublishedAsync(lane, 20);

        await broker.KillAsync();
        await Eventually.TrueAsync("the node has seen it", () => node.Lanes.State != "connected");
        broker.Wipe();
        await broker.UpAsync();

        await Eventually.TrueAsync("the wipe was noticed", () => node.Logged(212) == 1);
        foreach (var lane in lanes) await node.PublishedAsync(lane, 20);
        await using var witness = await BrokerWitness.OpenAsync(broker.Address);
        DateTimeOffset before = default;
        foreach (var lane in lanes)
        {
            var sent = await witness.SentTimesAsync(lane.QueueName);
            Assert.Equal(20, sent.Count);
            Assert.True(before <= sent.Min(), $"{lane} did not wait for the more urgent ones.");
            before = sent.Max();
        }
    }

    [Fact]
    public async Task Detaching_and_stopping_are_prompt_while_the_broker_is_away()
    {
        var (first, second) = (new LaneKey("NL", Precedence.Flash), new LaneKey("NL", Precedence.Routine));
        await broker.UpAsync();
        var node = await StartAsync("NL");
        var (attachment, arrived) = await node.AttachAsync(first);
        var (_, left) = await node.AttachAsync(second);
        await node.Scenario.AcceptAsync(Precedence.Flash, "NL");
        await node.Scenario.AcceptAsync(Precedence.Routine, "NL");
        await arrived.ReadAsync(Cancel);
        await left.ReadAsync(Cancel);

        await broker.KillAsync();
        await node.Scenario.AcceptAsync(Precedence.Flash, "NL");

        await attachment.DisposeAsync().AsTask().WaitAsync(Promptly, Cancel);
        await node.StopAsync().WaitAsync(Promptly, Cancel);
        // With an attachment that nobody ended.
        await node.DisposeAsync().AsTask().WaitAsync(Promptly, Cancel);
    }

    [Fact]
    public async Task A_node_without_its_broker_is_not_ready_measures_that_and_is_ready_again_by_itself()
    {
        await broker.UpAsync();
        await using var house = await House.OpenAsync(options =>
        {
            options.RabbitMq = broker.Address.ToString();
            options.Operations.HealthListen = "127.0.0.1:0";
        });
        using var pages = new HttpClient { BaseAddress = house.Node.Services.GetRequiredService<HealthPages>().Address };
        await Eventually.TrueAsync("it is ready", async () => await ReadyAsync(pages) == (HttpStatusCode.OK, "connected"));
        Assert.Equal(1, TransportGauge.Highest("connected"));

        await broker.KillAsync();
        await Eventually.TrueAsync("it is not ready", async () => (await ReadyAsync(pages)).Status == HttpStatusCode.ServiceUnavailable);
        Assert.NotEqual("connected", (await ReadyAsync(pages)).Transport);
        Assert.Equal(1, TransportGauge.Highest("away"));
        await broker.UpAsync();

        await Eventually.TrueAsync("it is ready again", async () => await ReadyAsync(pages) == (HttpStatusCode.OK, "connected"));
    }

    private static async Task<(HttpStatusCode Status, string Transport)> ReadyAsync(HttpClient pages)
    {
        using var answer = await pages.GetAsync("/health/ready", Cancel);
        using var report = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel));
        var check = report.RootElement.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == "transport");
        return (answer.StatusCode, check.GetProperty("state").GetString()!["rabbitmq: ".Length..]);
    }

    private Task<RabbitMqNode> StartAsync(params string[] bureaus) => RabbitMqNode.StartAsync(broker.Address, null, bureaus);

    // References of one lane come from many threads: which of two neighbours is first is nobody's promise.
    private static async Task AllArriveAsync(ChannelReader<HeldReference> arrived, int count, HashSet<ulong> done)
    {
        var missing = Enumerable.Range(1, count).Select(sequence => (ulong)sequence).Except(done).ToHashSet();
        while (missing.Count > 0) missing.Remove(await DoneAsync(arrived));
    }

    private static async Task<ulong> DoneAsync(ChannelReader<HeldReference> arrived)
    {
        var held = await arrived.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        held.Done();
        return held.Reference.Sequence;
    }
}

/// <summary>A broker of this class's own, up or killed.</summary>
public sealed class DyingBroker : IAsyncLifetime
{
    private OwnBroker? _own;
    private bool _up;

    public Uri Address => Own.Broker.Address;

    private OwnBroker Own => _own ?? throw new InvalidOperationException("The broker was not started.");

    public async ValueTask InitializeAsync()
    {
        _own = await RabbitMqFixture.StartOwnAsync(CancellationToken.None);
        _up = true;
    }

    public async Task UpAsync()
    {
        if (!_up) await Own.Broker.StartAgainAsync(TestContext.Current.CancellationToken);
        _up = true;
    }

    public async Task KillAsync()
    {
        await Own.Broker.KillAsync();
        _up = false;
    }

    public void Wipe() => Own.Broker.Wipe();

    public Task<string> ControlAsync(params string[] arguments) => Own.Broker.ControlAsync(TestContext.Current.CancellationToken, arguments);

    public ValueTask DisposeAsync() => Own.DisposeAsync();
}
