using MessageBackbone.Cli.Benching;
using MessageBackbone.Gateway;
using MessageBackbone.Protocol.Identities;
using MessageBackbone.V1;

namespace MessageBackbone.Cli.Tests.Benching;

/// <summary>A FLASH that never arrives is no sample that is left out: it is counted as lost.</summary>
public sealed class FlashProbeTests
{
    private readonly ImpatientClock _clock = new();
    private readonly List<string> _notes = [];
    private readonly Arrivals _arrivals;
    private readonly List<MessageId> _sent = [];

    public FlashProbeTests() => _arrivals = new Arrivals(_notes.Add, _clock);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_does_not_arrive_in_any_phase_is_lost_and_measured_nowhere()
    {
        var probe = Probe(lost: [1, 5]);

        Assert.Equal(2, (await probe.MeasureAsync(3, Cancel)).Count);
        Assert.Equal(1, probe.Lost);
        Assert.Equal(3, (await probe.MeasureAsync(4, Cancel)).Count);

        Assert.Equal(2, probe.Lost);
        Assert.Equal(2, _notes.Count);
    }

    [Fact]
    public async Task What_arrives_after_it_was_waited_for_is_late_and_not_lost()
    {
        var probe = Probe(lost: [0]);
        await probe.MeasureAsync(2, Cancel);
        Assert.Equal(1, probe.Lost);

        Arrive(_sent[0], Precedence.Flash);

        Assert.Equal(0, probe.Lost);
    }

    [Fact]
    public void A_repeat_and_another_precedence_are_no_arrival_of_a_flash()
    {
        var id = MessageId.New(_clock.GetUtcNow());

        Arrive(id, Precedence.Flash, repeated: true);
        Arrive(id, Precedence.Routine);

        Assert.Null(_arrivals.OfFlash(id.Value));
        Assert.Equal(1, _arrivals.Routine);
    }

    private FlashProbe Probe(int[] lost) => new(
        _ =>
        {
            var id = MessageId.New(_clock.GetUtcNow());
            _sent.Add(id);
            if (!lost.Contains(_sent.Count - 1)) Arrive(id, Precedence.Flash);
            return Task.FromResult(id.Value);
        },
        _arrivals, _clock);

    private void Arrive(MessageId id, Precedence precedence, bool repeated = false) => _arrivals.Note(new GatewayEvent.Received(
        id, BureauCode.Parse("FR"), precedence, DeliveryOutcome.Delivered, "", 1, 1, repeated, _clock.GetUtcNow()));

    /// <summary>Every wait on it is over at once.</summary>
    private sealed class ImpatientClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
    }
}
