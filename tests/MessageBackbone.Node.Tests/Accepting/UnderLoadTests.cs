using System.Threading.Channels;
using Grpc.Core;
using MessageBackbone.Node.Accepting;
using MessageBackbone.Node.Hosting;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.Protocol.Signing;
using MessageBackbone.V1;
using Microsoft.Extensions.DependencyInjection;

namespace MessageBackbone.Node.Tests.Accepting;

/// <summary>ROUTINE fills every place that it may use.</summary>
public sealed class UnderLoadTests
{
    private static readonly AcceptingOptions Few = new() { AtOnce = 4, FlashShare = 1 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flash_is_accepted_while_routine_of_others_and_of_its_own_stream_stands_still_in_the_log()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        await using var log = new HeldLog(house.Log, held => Accepted.Parser.ParseFrom(held.Data.Span).Content.Precedence == Precedence.Routine);
        var (acceptor, places) = (SecondAttemptTests.Acceptor(house, log), new WorkingPlaces(Few));
        var (france, germany) = (new Stream(house, "FR", acceptor, places), new Stream(house, "DE", acceptor, places));
        for (var i = 0; i < 10; i++) france.Send("ES", Precedence.Routine);
        await log.Queued.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        germany.Send("ES", Precedence.Routine);
        germany.Send("ES", Precedence.Flash);
        france.Send("ES", Precedence.Flash);

        Assert.Equal((1UL, 10UL), ((await germany.NextAsync()).Index, (await france.NextAsync()).Index));
        Assert.Equal(2, await house.CountAsync("message.accepted.v1"));
        log.Release();
        await germany.EndAsync(1);
        await france.EndAsync(10);
        Assert.Equal(13, await house.CountAsync("message.accepted.v1"));
    }

    [Fact]
    public async Task A_bureau_that_reads_no_outcomes_keeps_no_place_from_the_others()
    {
        await using var house = await House.OpenAsync("FR", "DE", "ES");
        await using var log = new HeldLog(house.Log, _ => false);
        var (acceptor, places) = (SecondAttemptTests.Acceptor(house, log), new WorkingPlaces(Few));
        var france = new Stream(house, "FR", acceptor, places, reads: false);
        for (var i = 0; i < 10; i++) france.Send(i % 3 == 1 ? "XX" : "ES", Precedence.Routine);
        await house.UntilRecordedAsync("message.accepted.v1", 7);

        var germany = new Stream(house, "DE", acceptor, places);
        germany.Send("ES", Precedence.Routine);

        Assert.NotNull((await germany.NextAsync()).Accepted);
        france.Read();
        await germany.EndAsync(0);
        await france.EndAsync(10);
    }

    [Fact]
    public async Task Over_the_wire_what_waits_is_bounded_and_told_to_come_again_and_flash_has_its_share()
    {
        await using var house = await House.OpenAsync(
            options => (options.Accepting.AtOnce, options.Accepting.FlashShare, options.Accepting.Waiting) = (4, 1, 1), "FR", "DE");
        var places = house.Node.Services.GetRequiredService<WorkingPlaces>();
        var taken = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => places.EnterAsync("ES", Precedence.Routine, 0, Cancel)));
        Task<SubmitReply>[] two = [SubmitAsync(house, "FR", Precedence.Routine), SubmitAsync(house, "FR", Precedence.Routine)];

        var refused = await Refused.ForAsync(Reasons.StoreUnavailable, async () => await await Task.WhenAny(two));
        Assert.False((await SubmitAsync(house, "DE", Precedence.Flash)).Duplicate);

        Assert.InRange(refused.RetryAfter!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        var waiting = Assert.Single(two, one => !one.IsCompleted);
        foreach (var place in taken) place.Dispose();
        await waiting;
        Assert.Equal(2, await house.CountAsync("message.accepted.v1"));
    }

    private static Task<SubmitReply> SubmitAsync(House house, string from, Precedence precedence) =>
        house[from].SubmitAsync(house[from].Compose(house[from == "DE" ? "FR" : "DE"], header => header.Precedence = precedence));

    /// <summary>One SubmitMany without a connection.</summary>
    private sealed class Stream : IAsyncStreamReader<SubmitRequest>, IServerStreamWriter<SubmitOutcome>
    {
        private readonly Channel<SubmitRequest> _requests = Channel.CreateUnbounded<SubmitRequest>();
        private readonly Channel<SubmitOutcome> _outcomes = Channel.CreateUnbounded<SubmitOutcome>();
        private readonly TaskCompletionSource _reads = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly House _house;
        private readonly string _bureau;
        private readonly Task _running;

        public Stream(House house, string bureau, Acceptor acceptor, WorkingPlaces places, bool reads = true)
        {
            (_house, _bureau) = (house, bureau);
            if (reads) Read();
            _running = RunAsync(acceptor, places);
        }

        public SubmitRequest Current { get; private set; } = new();

        public WriteOptions? WriteOptions { get; set; }

        public void Read() => _reads.TrySetResult();

        public void Send(string to, Precedence precedence)
        {
            var envelope = _house[_bureau].Compose(_house["ES"], header => header.Precedence = precedence);
            if (to != "ES") envelope = _house[_bureau].Resign(envelope, header => header.Kind = "");
            Assert.True(_requests.Writer.TryWrite(new SubmitRequest { Envelope = envelope }));
        }

        public async Task<SubmitOutcome> NextAsync() => await _outcomes.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel);

        public async Task EndAsync(int outcomes)
        {
            _requests.Writer.Complete();
            await _running.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
            Assert.Equal(outcomes, _outcomes.Reader.Count);
        }

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await _requests.Reader.WaitToReadAsync(cancellationToken)) return false;
            return _requests.Reader.TryRead(out var request) && (Current = request) is not null;
        }

        public Task WriteAsync(SubmitOutcome message) => WriteAsync(message, CancellationToken.None);

        public async Task WriteAsync(SubmitOutcome message, CancellationToken cancellationToken)
        {
            await _reads.Task.WaitAsync(cancellationToken);
            await _outcomes.Writer.WriteAsync(message, cancellationToken);
        }

        private async Task RunAsync(Acceptor acceptor, WorkingPlaces places)
        {
            var rooms = _house.Node.Services;
            var caller = new Caller(Holder.Bureau(_bureau), default);
            using var stream = new SubmitStream(acceptor, places, rooms.GetRequiredService<SecurityRecorder>(), rooms.GetRequiredService<NodeLimits>(), caller, this);
            await stream.RunAsync(this, Cancel);
        }
    }
}
