using System.Text.Json;
using System.Threading.Channels;
using MessageBackbone.Fixtures;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;

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
        Assert.True(attachment.Attached.IsCompletedSuccessfully);
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task A_broker_that_comes_back_empty_gets_every_open_reference_again_the_most_urgent_first()
    {
        await broker.UpAsync();
        await using var node = await StartAsync("MT");
        await node.UpAsync();
        await broker.KeptAsync();
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
            var sent = await SentTimesAsync(witness, lane);
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

    private Task<RabbitMqNode> StartAsync(params string[] bureaus) => RabbitMqNode.StartAsync(broker.Address, null, bureaus);

    private static async Task AllArriveAsync(ChannelReader<HeldReference> arrived, ulong last, ulong from)
    {
        var missing = new HashSet<ulong>();
        for (var sequence = from; sequence <= last; sequence++) missing.Add(sequence);
        while (missing.Count > 0)
        {
            var held = await arrived.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel);
            held.Done();
            missing.Remove(held.Reference.Sequence);
        }
    }

    private static async Task<IReadOnlyList<DateTimeOffset>> SentTimesAsync(BrokerWitness witness, LaneKey lane) =>
        [.. (await witness.LookAsync(lane.QueueName)).Select(message =>
        {
            using var envelope = JsonDocument.Parse(message.Body);
            return envelope.RootElement.GetProperty("sentTime").GetDateTimeOffset();
        })];
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

    /// <summary>The broker writes down late which queues it was given (decision 0051): returns when its directory on disk names them all.</summary>
    public async Task KeptAsync()
    {
        var listed = await ControlAsync("list_queues", "--no-table-headers", "name", "type");
        string[] queues = [.. listed.Split('\n').Where(line => line.EndsWith("quorum", StringComparison.Ordinal)).Select(line => line.Split('\t')[0])];
        Assert.NotEmpty(queues);
        await Eventually.TrueAsync("the broker wrote down its quorum queues", () => queues.All(WroteDown));
    }

    private bool WroteDown(string queue) => System.IO.Directory.EnumerateFiles(Own.Folder, "names.dets", SearchOption.AllDirectories)
        .Any(directory => File.ReadAllBytes(directory).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(queue)) >= 0);

    public async Task KillAsync()
    {
        await Own.Broker.KillAsync();
        _up = false;
    }

    public void Wipe() => Own.Broker.Wipe();

    public Task<string> ControlAsync(params string[] arguments) => Own.Broker.ControlAsync(TestContext.Current.CancellationToken, arguments);

    public ValueTask DisposeAsync() => Own.DisposeAsync();
}
