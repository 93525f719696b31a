using System.Threading.Channels;
using MessageBackbone.Node.Routing;
using MessageBackbone.Node.Routing.Lanes;
using MessageBackbone.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace MessageBackbone.Node.Tests.Routing;

/// <summary>What both transports must do; the rules of MassTransit that were found by running it are among them.</summary>
public abstract class LanesContract
{
    private protected static readonly LaneKey Lane = new("DE", Precedence.Routine);

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Whether what is given back comes again by itself.</summary>
    protected abstract bool Redelivers { get; }

    [Fact]
    public async Task A_reference_comes_as_it_was_sent()
    {
        await using var lanes = await OpenAsync(1);
        var (attachment, arrived) = await lanes.AttachAsync(Lane);

        await lanes.PublishAllAsync(Lane);
        var held = await arrived.ReadAsync(Cancel);

        var row = Assert.Single(lanes.Scenario.OpenRows(Lane));
        Assert.Equal((row.MessageId, "DE", 1, 1ul, row.Position.Value),
            (held.Reference.MessageId, held.Reference.Recipient, held.Reference.Precedence, held.Reference.Sequence, held.Reference.Position));
        held.Done();
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task A_detached_lane_gives_back_what_is_in_hand_and_an_attached_one_gets_it_again()
    {
        await using var lanes = await OpenAsync(20);
        var (first, arrived) = await lanes.AttachAsync(Lane);
        await lanes.PublishAllAsync(Lane);
        var done = await arrived.ReadAsync(Cancel);
        done.Done();
        for (var i = 1; i < 20; i++) await arrived.ReadAsync(Cancel);
        await first.DisposeAsync();

        var (second, again) = await lanes.AttachAsync(Lane);
        if (!Redelivers)
        {
            Assert.Equal(20, lanes.Scenario.Plan.Ask.Unpublished(Lane, 100, DateTimeOffset.MaxValue).Count);
            await lanes.PublishAllAsync(Lane);
        }

        var sequences = new SortedSet<ulong>();
        while (sequences.Count < 19)
        {
            var held = await again.ReadAsync(Cancel);
            held.Done();
            if (held.Reference.Sequence != done.Reference.Sequence) sequences.Add(held.Reference.Sequence);
        }
        await second.DisposeAsync();
    }

    [Fact]
    public async Task Detaching_and_attaching_many_times_neither_hangs_nor_strands_a_reference()
    {
        await using var lanes = await OpenAsync(40);
        for (var round = 0; round < 5; round++)
        {
            var (attachment, arrived) = await lanes.AttachAsync(Lane);
            await lanes.PublishAllAsync(Lane);
            await arrived.ReadAsync(Cancel);
            await attachment.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        }
        var (last, rest) = await lanes.AttachAsync(Lane);
        await lanes.PublishAllAsync(Lane);

        var sequences = new SortedSet<ulong>();
        while (sequences.Count < 40)
        {
            var held = await rest.ReadAsync(Cancel);
            sequences.Add(held.Reference.Sequence);
            held.Done();
        }
        await last.DisposeAsync();
    }

    [Fact]
    public async Task Attachments_that_go_while_the_lane_opens_leave_no_receiver_that_swallows_references()
    {
        await using var lanes = await OpenAsync(40);
        for (var round = 0; round < 50; round++)
        {
            var going = lanes.Transport.Attach(Lane, static _ => { });
            // Neither at once nor when it is open: somewhere on the way.
            for (var turn = 0; turn < round; turn++) await Task.Yield();
            await going.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        }

        var (attachment, arrived) = await lanes.AttachAsync(Lane);
        await lanes.PublishAllAsync(Lane);
        var sequences = new SortedSet<ulong>();
        while (sequences.Count < 40)
        {
            var held = await arrived.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
            sequences.Add(held.Reference.Sequence);
            held.Done();
        }
        await attachment.DisposeAsync();
    }

    [Fact]
    public async Task A_lane_holds_at_most_its_prefetch()
    {
        await using var lanes = await OpenAsync(40, options => options.PrefetchRoutine = 8);
        var (attachment, arrived) = await lanes.AttachAsync(Lane);
        await lanes.PublishAllAsync(Lane);

        var held = new List<HeldReference>();
        for (var i = 0; i < 8; i++) held.Add(await arrived.ReadAsync(Cancel));
        Assert.False(arrived.TryRead(out _));
        held[0].Done();

        var ninth = await arrived.ReadAsync(Cancel);
        Assert.DoesNotContain(ninth.Reference.Sequence, held.Select(earlier => earlier.Reference.Sequence));
        Assert.False(arrived.TryRead(out _));
        await attachment.DisposeAsync();
    }

    private protected abstract Task<ILaneTransport> StartAsync(RoutingScenario scenario);

    /// <summary>Takes away what an earlier test left at the broker.</summary>
    private protected virtual Task PrepareAsync() => Task.CompletedTask;

    /// <summary>Looks at what the transport left, at the end of a test.</summary>
    private protected virtual void Ended()
    {
        // Nothing but the plan remains of a transport in memory.
    }

    private protected async Task<OpenLanes> OpenAsync(int messages, Action<RoutingOptions>? configure = null)
    {
        await PrepareAsync();
        var scenario = await RoutingScenario.StartAsync();
        configure?.Invoke(scenario.Options);
        await scenario.RegisterAsync(Lane.Bureau);
        for (var i = 0; i < messages; i++) await scenario.AcceptAsync(Precedence.Routine, Lane.Bureau);
        await scenario.CatchUpAsync();
        var transport = await StartAsync(scenario);
        await transport.UpAsync(Cancel);
        return new OpenLanes(scenario, transport, Ended);
    }

    private protected sealed record OpenLanes(RoutingScenario Scenario, ILaneTransport Transport, Action Ended) : IAsyncDisposable
    {
        public async Task<(ILaneAttachment Attachment, ChannelReader<HeldReference> Arrived)> AttachAsync(LaneKey lane)
        {
            var arrived = Channel.CreateUnbounded<HeldReference>();
            var attachment = Transport.Attach(lane, held => arrived.Writer.TryWrite(held));
            await attachment.Attached.WaitAsync(Cancel);
            return (attachment, arrived.Reader);
        }

        public async Task PublishAllAsync(LaneKey lane)
        {
            var publisher = new Publisher(Scenario.Plan, Transport, Scenario.Options, TimeProvider.System, NullLogger<Publisher>.Instance);
            while (Scenario.Plan.Ask.Unpublished(lane, 1, DateTimeOffset.MaxValue).Count > 0)
                if (!await publisher.PublishPageAsync(Cancel))
                    await Scenario.Plan.Waiting.WaitAsync(TimeSpan.FromMilliseconds(50), TimeProvider.System, Cancel);
        }

        public async ValueTask DisposeAsync()
        {
            await Transport.DisposeAsync();
            await Scenario.DisposeAsync();
            Ended();
        }
    }
}

public sealed class InMemoryLanesTests : LanesContract
{
    protected override bool Redelivers => false;

    [Fact]
    public async Task A_lane_that_nobody_attends_is_not_sent_to()
    {
        await using var lanes = await OpenAsync(3);

        Assert.False(lanes.Transport.Takes(Lane));
        var (attachment, _) = await lanes.AttachAsync(Lane);
        Assert.True(lanes.Transport.Takes(Lane));
        await attachment.DisposeAsync();

        Assert.False(lanes.Transport.Takes(Lane));
        Assert.Equal(3, lanes.Scenario.Plan.Ask.Unpublished(Lane, 10, DateTimeOffset.MaxValue).Count);
    }

    private protected override async Task<ILaneTransport> StartAsync(RoutingScenario scenario)
    {
        var lanes = new InMemoryLanes(scenario.Plan, scenario.Options, TimeProvider.System, NullLoggerFactory.Instance);
        await lanes.StartAsync(Cancel);
        return lanes;
    }
}
